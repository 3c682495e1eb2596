-- The index tells now which items have words in their bodies that it does not know (store/src/index/term.rs): the janitor
-- enters all of them anew.
delete from word;
delete from reword;
delete from indexed;

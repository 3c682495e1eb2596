-- The distinct words of a mailbox, for parts of words (store/src/index/vocabulary.rs): blocks that are read one after the other,
-- two to a page, as they are.
create table vocabulary (
    mailbox bigint not null,
    -- The place: '' anywhere, ':s' subject, ':f' author, ':r' recipients, ':n' names of attachments.
    code    text not null collate "C",
    block   bigint not null,
    terms   bytea not null,
    primary key (mailbox, code, block)
);
alter table vocabulary alter column terms set storage plain;

-- The janitor enters all words anew: which of them are new is known only while they are.
delete from word;
delete from word_place;
delete from reword;
delete from indexed;

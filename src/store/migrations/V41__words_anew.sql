-- Items are marked of whose words it is not told where they all stand: beyond the last position that is kept, in a text whose octets
-- are HTML elsewhere, in one with a dot above a letter by itself (store/src/index/term.rs, enter.rs). Without the marks searches
-- miss them, or take them for hits. The janitor enters all words anew.
truncate word, word_place, vocabulary, reword, indexed;

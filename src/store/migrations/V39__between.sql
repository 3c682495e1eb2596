-- Of frequent words it is kept besides what stands around them (store/src/search/between.rs), and items are marked that have words
-- beyond the last place that is kept (`/far`): without the mark such a pattern is not found there. The janitor enters all words anew.
truncate word, word_place, vocabulary, reword, indexed;

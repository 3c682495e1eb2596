-- Of the word index: up to which change of the journal it knows the numbers that are gone (until now `upto`), and how often it
-- was begun anew: by that a search learns that it was, while it read.
alter table indexed
    add column buried   bigint not null default 0,
    add column renewals bigint not null default 0;
update indexed set buried = upto;

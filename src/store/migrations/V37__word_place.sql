-- Where frequent words stand in their items, for phrases (store/src/index/places.rs): filled with `word`. As there, numbers are
-- added at the end and are not compressed.
create table word_place (
    mailbox bigint not null,
    term    text not null collate "C",
    -- The items' numbers divided by 4,096.
    chunk   bigint not null,
    items   bytea not null,
    primary key (mailbox, term, chunk)
);
alter table word_place alter column items set storage external;

-- Large mailboxes are entered anew by the janitor, where such phrases are slow.
create temporary table anew on commit drop as
    select mailbox from folder group by mailbox having sum(total) > 5000;
delete from word where mailbox in (select mailbox from anew);
delete from reword where mailbox in (select mailbox from anew);
update indexed set upto = 0 where mailbox in (select mailbox from anew);

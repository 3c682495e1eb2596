-- Which items have a word (store/src/index/): filled by the janitor, behind the writers. Numbers are written two octets each
-- and added at the end: nothing would be won by compressing them, and every addition would unpack them.
create table word (
    mailbox bigint not null,
    term    text not null collate "C",
    -- The items' numbers divided by 65,536.
    chunk   bigint not null,
    items   bytea not null,
    primary key (mailbox, term, chunk)
);
alter table word alter column items set storage external;

-- Up to which item all are in.
create table indexed (
    mailbox bigint primary key,
    upto    bigint not null
);

-- Items whose words changed since.
create table reword (
    mailbox bigint not null,
    item    bigint not null,
    primary key (mailbox, item)
);

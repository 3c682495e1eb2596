-- What an HTML body says without markup: searches look in that. It stands beside the content, for it follows from that alone:
-- who copies, moves or updates an item need not know of it. Null where nobody took the content for an HTML body.
alter table blob add column plain text;

-- Mailboxes with HTML bodies from before, up to which item the janitor has filled them in (store/src/plain.rs).
create table plain_due (
    mailbox bigint primary key,
    upto    bigint not null
);
insert into plain_due (mailbox, upto) select mailbox, 0 from mailbox;

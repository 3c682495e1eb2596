delete from account
where account = $1
returning mailbox;

select 1
from counter
where mailbox = $1 for update;

delete from subscription
where mailbox = $1;

delete from outbox
where mailbox = $1;

delete from indexed
where mailbox = $1;

delete from word
where mailbox = $1;

delete from word_place
where mailbox = $1;

delete from vocabulary
where mailbox = $1;

delete from reword
where mailbox = $1;

delete from plain_due
where mailbox = $1;

delete from attachment
where mailbox = $1;

delete from item
where mailbox = $1;

delete from folder
where mailbox = $1;

delete from blob
where mailbox = $1;

delete from journal
where mailbox = $1;

delete from counter
where mailbox = $1;

delete from mailbox
where mailbox = $1;

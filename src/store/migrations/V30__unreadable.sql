-- `flags` must not be in an index, its condition included (V3): every message that was read was entered anew in all of them. The
-- bit UNREADABLE stands in a column of its own, true or null, written with the bit: a generated one would have the table written anew.
alter table item add column unreadable boolean;
update item set unreadable = true where flags & 8192 <> 0;
drop index item_unread;
create index item_unreadable on item (mailbox, item) where unreadable;

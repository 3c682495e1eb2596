-- When the owner was last told that the mailbox is almost full; null: there is room.
alter table mailbox add column warned timestamptz;

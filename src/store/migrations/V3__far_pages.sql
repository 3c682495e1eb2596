-- Pages far from either end of a folder are counted off an index alone. `flags` itself must not be in an index: every message
-- that is read would then be entered anew in all of them.
alter table item add column associated boolean not null generated always as (flags & 128 <> 0) stored;
drop index item_received;
create index item_received on item (mailbox, folder, received desc, item desc) where not associated;
drop index item_folder;
create index item_folder on item (mailbox, folder, item) include (associated);

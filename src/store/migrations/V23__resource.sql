-- What a mailbox is that nobody reads (room, equipment; null: somebody's), and the options by which it answers meeting requests that
-- are not as usual: an object of names and values.
alter table mailbox
    add column resource text check (resource in ('room', 'equipment')),
    add column booking  jsonb not null default '{}';

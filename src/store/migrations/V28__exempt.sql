-- Whose owner the shares do not bind (limits.*_per_account, limits.*_per_hour): an archiver, a migration.
alter table mailbox add column exempt boolean not null default false;

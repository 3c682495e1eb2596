-- When anything in the folder last changed: an item came, went or was changed (PR_LOCAL_COMMIT_TIME_MAX). By it clients
-- that know no journal see whether they must look again. Folders from before begin with the moment of the upgrade.
alter table folder add column touched timestamptz not null default now();

-- What a mailbox may take. `dead`: octets of contents that nothing names any more, about, until they are collected: they count
-- against the quota. `hour` and `hourly`: in which hour (of the epoch) the last change was, and how many that hour has had.
alter table counter add column dead bigint not null default 0;
alter table counter add column hour integer not null default 0;
alter table counter add column hourly bigint not null default 0;
-- The same of what an account has sent: recipients.
alter table account add column sent_hour integer not null default 0;
alter table account add column sent bigint not null default 0;

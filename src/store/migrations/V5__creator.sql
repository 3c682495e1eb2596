-- The account that made an item, where it is not the owner of the mailbox: whose "own items" it is among.
alter table item add column creator bigint;
-- Of a change that gave a folder other rights, or removed it: the rights on it before. Who may not see it now is told that
-- it went only if he could see it then.
alter table journal add column rights jsonb;
create index journal_rights on journal (mailbox, folder, seq) where rights is not null;

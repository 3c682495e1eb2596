-- What a mailbox may take, beside what it has taken: each change of it looks here, at the row that it locks, and need not open `mailbox`.
-- `mailbox` says it; its triggers carry it over, when a mailbox is made too (after the statement that made its counter).
alter table counter add column quota_bytes bigint;
alter table counter add column exempt boolean not null default false;
update counter c set quota_bytes = m.quota_bytes, exempt = m.exempt
from mailbox m where m.mailbox = c.mailbox and (m.quota_bytes is not null or m.exempt);
create function carry_shares() returns trigger language plpgsql as $$
begin
    update counter set quota_bytes = new.quota_bytes, exempt = new.exempt where mailbox = new.mailbox;
    return null;
end $$;
create trigger mailbox_shares_made after insert on mailbox
    for each row when (new.quota_bytes is not null or new.exempt) execute function carry_shares();
create trigger mailbox_shares after update of quota_bytes, exempt on mailbox
    for each row execute function carry_shares();

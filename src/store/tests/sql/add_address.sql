select a.account, a.mailbox, m.guid, a.login, a.display_name, a.disabled, a.password, m.language, m.quota_bytes,
    m.zone, m.working_hours, m.resource, m.booking, m.exempt, (
    select p.address
    from address p
    where p.account = a.account and p.is_primary
)
from account a
join mailbox m on m.mailbox = a.mailbox
where a.account = $1;

update address
set is_primary = false
where account = $1 and is_primary;

insert into address (address, account, is_primary)
select lower($2), $1, $3 or not exists (select from address where account = $1 and is_primary)
on conflict (address) do update set is_primary = address.is_primary or excluded.is_primary
where address.account = $1
returning 1;

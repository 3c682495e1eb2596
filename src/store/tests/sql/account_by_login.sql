select a.account, a.mailbox, m.guid, a.login, a.display_name, a.disabled, a.password, m.language, m.quota_bytes,
    m.zone, m.working_hours, m.resource, m.booking, m.exempt, (
    select p.address
    from address p
    where p.account = a.account and p.is_primary
)
from account a
join mailbox m on m.mailbox = a.mailbox
where a.login = lower($1::text);

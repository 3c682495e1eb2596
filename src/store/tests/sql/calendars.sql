select d.address, c.account, c.mailbox, m.guid, f.folder, coalesce(f.props -> 'PermissionSet', '[]'::jsonb),
    m.zone, m.working_hours
from (select distinct lower(x) as address from unnest($1::text[]) x) w
join address d on d.address = w.address
join account c on c.account = d.account and not c.disabled
join mailbox m on m.mailbox = c.mailbox
join folder f on f.mailbox = m.mailbox and f.distinguished = 'calendar';

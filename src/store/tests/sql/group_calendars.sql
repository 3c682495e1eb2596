with recursive inside (mail_group) as (
    select $1::bigint
    union
    select m.inner_group
    from inside i
    join group_member m on m.mail_group = i.mail_group
    where m.inner_group is not null
)
select p.address, c.account, c.mailbox, m.guid, f.folder, coalesce(f.props -> 'PermissionSet', '[]'::jsonb),
    m.zone, m.working_hours
from (
    select distinct g.account
    from inside i
    join group_member g on g.mail_group = i.mail_group
    where g.account is not null
) w
join account c on c.account = w.account and not c.disabled
join address p on p.account = c.account and p.is_primary
join mailbox m on m.mailbox = c.mailbox
join folder f on f.mailbox = m.mailbox and f.distinguished = 'calendar'
order by c.account
limit $2;

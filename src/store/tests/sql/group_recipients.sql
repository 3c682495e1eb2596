with recursive inside (top, mail_group) as (
    select a.address, a.mail_group
    from address a
    where a.mail_group = $1
    union
    select i.top, m.inner_group
    from inside i
    join group_member m on m.mail_group = i.mail_group
    where m.inner_group is not null
)
select distinct i.top, c.account, c.mailbox, p.address, c.display_name, c.disabled, m.quota_bytes, m.resource
    is not null
from inside i
join group_member g on g.mail_group = i.mail_group
join account c on c.account = g.account and not c.disabled
join mailbox m on m.mailbox = c.mailbox
join address p on p.account = c.account and p.is_primary
order by c.mailbox, i.top;

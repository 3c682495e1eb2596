select x.mail_group is not null, coalesce(a.display_name, g.display_name), coalesce(p.address, x.address)
from address x
left join account a on a.account = x.account
left join mail_group g on g.mail_group = x.mail_group
left join address p on p.account = a.account and p.is_primary
where x.address = lower($1) and a.disabled is not true
limit $2;

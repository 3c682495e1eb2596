select m.account, m.inner_group, coalesce(c.display_name, g.display_name), p.address
from group_member m
left join account c on c.account = m.account
left join mail_group g on g.mail_group = m.inner_group
join address p on (p.account = m.account and p.is_primary) or p.mail_group = m.inner_group
where m.mail_group = $1
order by lower(coalesce(c.display_name, g.display_name)) collate ewsd_order, p.address;

select g.mail_group, a.address, g.display_name, (select count(*) from group_member m where m.mail_group = g.mail_group)
from mail_group g
join address a on a.mail_group = g.mail_group
where a.address = lower($1) or split_part(a.address, '@', 1) = lower($1) or lower(g.display_name) = lower($1)
order by a.address
limit 100;

with g as (insert into mail_group (display_name) values ($2) returning mail_group)
insert into address (address, mail_group)
select lower($1), mail_group
from g;

select g.mail_group, a.address, g.display_name, (select count(*) from group_member m where m.mail_group = g.mail_group)
from mail_group g
join address a on a.mail_group = g.mail_group
where a.address = lower($1);

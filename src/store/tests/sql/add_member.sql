lock table group_member in share row exclusive mode;

insert into group_member (mail_group, account, inner_group)
values ($1, $2, $3)
on conflict do nothing;

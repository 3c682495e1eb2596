delete from group_member
where mail_group = $1 and (account = $2::bigint or inner_group = $3::bigint)
returning 1;

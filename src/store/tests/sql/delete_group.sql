delete from mail_group
where mail_group = $1
returning 1;

delete from delivered
where mailbox = any($1) and delivery = $2
returning 1;

delete from subscription
where mailbox = $1 and id = $2
returning stream;

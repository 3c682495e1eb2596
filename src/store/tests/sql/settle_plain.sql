delete from plain_due
where mailbox = $1
returning 1;

update mailbox
set warned = now()
where mailbox = $1 and (warned is null or warned < $2)
returning 1;

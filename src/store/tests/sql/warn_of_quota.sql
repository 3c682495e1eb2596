update mailbox
set warned = now()
where mailbox = $1 and (warned is null or warned < now() - make_interval(days => $2::int))
returning 1;

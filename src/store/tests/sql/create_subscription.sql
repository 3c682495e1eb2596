insert into subscription (mailbox, account, kind, folders, events, since, timeout, ends, details)
select $1, $2, $3, $4, $5, c.seq, $6::int, now() + make_interval(secs => $6::int), $7
from counter c
where c.mailbox = $1 and (select count(*) from subscription where account = $2 and ends > now()) < $8
returning id, since;

with s as (select * from subscription where mailbox = $1 and id = $2),
t as (
    update subscription o
    set ends = now() + make_interval(secs => s.timeout)
    from s
    where o.mailbox = $1 and o.id = s.id and o.ends > now() and o.ends < now() + make_interval(secs => s.timeout * 0.9375)
)
select id, account, kind, folders, events, since, timeout, details, ends <= now(), quiet_from, quiet_upto,
    stream, coalesce(told, since), coalesce(told_events, 255)::int
from s;

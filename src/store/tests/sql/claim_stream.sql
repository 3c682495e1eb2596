with old as (
    select id, stream
    from subscription
    where mailbox = $1 and id = any($2::uuid[]) and ends > now()
    order by id for update
)
update subscription s
set stream = $3, ends = now() + make_interval(secs => $4::int + s.timeout)
from old, counter c
where s.mailbox = $1 and s.id = old.id and c.mailbox = $1
returning s.id, coalesce(s.told, s.since), coalesce(s.told_events, 255)::int, c.seq, old.stream;

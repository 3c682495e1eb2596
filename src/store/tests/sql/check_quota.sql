select coalesce(m.quota_bytes, $2), (
    select coalesce(sum(f.bytes), 0)::bigint
    from folder f
    where f.mailbox = $1
), c.dead
from counter c
join mailbox m using (mailbox)
where mailbox = $1;

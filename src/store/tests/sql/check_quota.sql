select coalesce(c.quota_bytes, $2), (
    select coalesce(sum(f.bytes), 0)::bigint
    from folder f
    where f.mailbox = $1
), c.dead
from counter c
where c.mailbox = $1;

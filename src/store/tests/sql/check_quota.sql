select coalesce(m.quota_bytes, $2), (
    select coalesce(sum(f.bytes), 0)::bigint
    from folder f
    where f.mailbox = m.mailbox
)
from mailbox m
where m.mailbox = $1;

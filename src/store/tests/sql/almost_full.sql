with room as (
    select m.mailbox, m.warned, coalesce(m.quota_bytes, $1) as quota, coalesce(sum(f.bytes), 0)::bigint as used
    from mailbox m
    join folder f using (mailbox)
    where coalesce(m.quota_bytes, $1) > 0
    group by m.mailbox
),
relieved as (
    update mailbox m
    set warned = null
    from room r
    where m.mailbox = r.mailbox and r.warned is not null and r.used < r.quota / 100.0 * $2::bigint
)
select r.mailbox, r.used, r.quota
from room r
join account a on a.mailbox = r.mailbox and not a.disabled
where r.used >= r.quota / 100.0 * $2::bigint and (r.warned is null or r.warned < $3)
order by r.used::float8 / r.quota desc
limit $4;

select case when exists (
    select
    from pg_locks
    where locktype = 'advisory' and classid = $1::bigint::oid and objid = $2::bigint::oid and objsubid = 2 and
        pid = pg_backend_pid()
) then true else pg_try_advisory_lock($1::bigint::int, $2::bigint::int) end;

with due as materialized (
    select mailbox, id
    from outbox
    where holder is null and next_at <= now() and ($4::timestamptz is null or submitted <= $4)
    order by next_at
    limit $3 for update skip locked
)
update outbox o
set attempts = o.attempts + 1, holder = $1, next_at = now() + make_interval(secs => $2::float8)
from due
where o.mailbox = due.mailbox and o.id = due.id
returning o.mailbox, o.id, o.sender, o.recipients, o.submitted, o.attempts, o.last_error, (
    select string_agg(data, ''::bytea order by part)
    from blob b
    where b.mailbox = o.mailbox and b.hash = o.mime
);

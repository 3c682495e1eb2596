select case when exists (
    select
    from pg_locks
    where locktype = 'advisory' and classid = $1::bigint::oid and objid = $2::bigint::oid and objsubid = 2 and
        pid = pg_backend_pid()
) then true else pg_try_advisory_lock($1::bigint::int, $2::bigint::int) end;

update outbox
set next_at = now() + make_interval(secs => $2::float8)
where holder = $1;

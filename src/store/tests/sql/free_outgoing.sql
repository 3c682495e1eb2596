update outbox o
set holder = null, next_at = now()
where o.holder is not null and o.holder <> $1 and (
    o.next_at <= now() or not exists (
        select
        from pg_locks l
        where l.locktype = 'advisory' and l.classid = $2::bigint::oid and l.objid = o.holder::bigint::oid and
            l.objsubid = 2 and l.granted and l.database = (select d.oid from pg_database d where d.datname = current_database())
    )
)
returning 1;

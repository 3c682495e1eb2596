select (
    select coalesce(sum(f.bytes), 0)::bigint
    from folder f
    where f.mailbox = $1
);

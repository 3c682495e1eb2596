with old as (
    delete from token_keys
    where url <> $1 and tried < now() - make_interval(days => 30)
)
update token_keys
set document = $2, due = now() + make_interval(secs => $3::float8)
where url = $1;

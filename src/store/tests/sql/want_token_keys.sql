update token_keys
set due = now()
where url = $1 and due > now() and tried <= now() - make_interval(secs => $2::float8)
returning 1;

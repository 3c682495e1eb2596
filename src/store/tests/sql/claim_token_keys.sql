insert into token_keys (url, due)
values ($1, now() + make_interval(secs => $2::float8))
on conflict (url) do update set tried = now(), due = excluded.due
where token_keys.due <= now()
returning 1;

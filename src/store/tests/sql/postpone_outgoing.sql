update outbox
set holder = null, next_at = now() + make_interval(secs => $4::float8), recipients = $5, last_error = coalesce($6, last_error),
    attempts = attempts - case when $7::boolean then 0 else 1 end
where mailbox = $1 and id = $2 and holder = $3
returning 1;

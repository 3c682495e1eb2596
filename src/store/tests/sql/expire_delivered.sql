delete from delivered
where at < now() - make_interval(days => $1::int)
returning 1;

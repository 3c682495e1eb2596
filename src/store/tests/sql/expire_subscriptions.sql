delete from subscription
where ends < now() - make_interval(secs => $1::float8)
returning 1;

delete from login_place
where last < now() - make_interval(days => $1::int)
returning 1;

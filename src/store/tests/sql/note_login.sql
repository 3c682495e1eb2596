insert into login_place (account, network, scheme)
values ($1, $2, $3)
on conflict (account, network, scheme) do update set last = now()
where login_place.last < now() - make_interval(hours => 1)
returning 1;

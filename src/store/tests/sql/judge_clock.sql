select now(), c.at, c.since
from (select) nothing
left join clock_seen c on true;

insert into clock_seen (at, since)
values ($1, $2)
on conflict (one) do update set at = excluded.at, since = excluded.since
returning 1;

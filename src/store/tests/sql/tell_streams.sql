update subscription s
set told = t.seq, told_events = t.events
from (
    select unnest($2::uuid[]) as id, unnest($3::bigint[]) as seq, unnest($4::smallint[]) as events, unnest($5::bigint[])
        as stream
) t, set_config('synchronous_commit', 'off', true) relaxed
where s.mailbox = $1 and s.id = t.id and s.stream = t.stream
returning 1;

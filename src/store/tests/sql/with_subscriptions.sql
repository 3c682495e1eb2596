select id, account, kind, folders, events, since, timeout, details, ends <= now(), quiet_from, quiet_upto,
    stream, coalesce(told, since), coalesce(told_events, 255)::int
from subscription s, set_config('synchronous_commit', 'off', true) relaxed
where mailbox = $1 and id = any($2::uuid[])
order by id for update of s;

select s.id, a.login, o.login, s.kind, cardinality(s.folders)::bigint, extract(epoch from s.ends - now())::bigint,
    s.stream
from subscription s
join account a on a.account = s.account
join account o on o.mailbox = s.mailbox
where $1::bigint is null or s.account = $1
order by a.login, s.ends, s.id;

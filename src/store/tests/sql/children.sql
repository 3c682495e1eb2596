with recursive below as (
    select folder
    from folder
    where mailbox = $1 and parent = $2
    union all
    select k.folder
    from folder k
    join below on k.mailbox = $1 and k.parent = below.folder
)
select o.folder, o.parent, o.kind, o.class, o.name, o.distinguished, o.change, o.created, o.modified, o.touched,
    o.total, o.unread, (
    select count(*)
    from folder k
    where k.mailbox = o.mailbox and k.parent = o.folder
), o.bytes, o.hidden, o.props, o.ext
from below
join folder o on o.mailbox = $1 and o.folder = below.folder
where true
order by lower(o.name) collate ewsd_order asc, o.folder asc
limit $3::bigint offset $4::bigint;

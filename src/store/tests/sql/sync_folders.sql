with recursive tree as (
    select folder, 1 as depth
    from folder
    where mailbox = $1 and parent = $2
    union all
    select k.folder, tree.depth + 1
    from folder k
    join tree on k.mailbox = $1 and k.parent = tree.folder
),
moved as (
    select distinct on (folder) folder, old_folder as parent
    from journal
    where mailbox = $1 and $3::bigint > 0 and seq > $3 and kind = 18
    order by folder, seq
),
elsewhere as materialized (
    select o.folder, coalesce(m.parent, o.parent) as parent
    from (
        select k.folder, k.parent
        from moved
        join folder k on k.mailbox = $1 and k.folder = moved.folder
        where k.folder <= $3
        union all
        select folder, parent
        from journal
        where mailbox = $1 and $3::bigint > 0 and seq > $3 and kind = 19 and folder <= $3
    ) o
    left join moved m on m.folder = o.folder
),
past as (
    select $2::bigint as folder
    union
    select k.folder
    from past
    cross join lateral (
        select here.folder
        from folder here
        where here.mailbox = $1 and here.parent = past.folder and here.folder <= $3 and here.folder not in (select folder from moved)
        union all
        select there.folder
        from elsewhere there
        where there.parent = past.folder
    ) k
)
select c.seq, case when exists (
    select
    from lost l
    where l.mailbox = $1 and $3 > l.survived and $3 < l.resumed
) then 9223372036854775807 else c.trimmed end, r.*
from counter c
left join lateral (
    select coalesce(tree.folder, past.folder) as told, past.folder is null as created, o.folder is not null as
        there, o.folder, o.parent, o.kind, o.class, o.name, o.distinguished, o.change, o.created, o.modified,
        o.touched, o.total, o.unread, (
        select count(*)
        from folder k
        where k.mailbox = o.mailbox and k.parent = o.folder
    ), o.bytes, o.hidden, o.props, o.ext, tree.depth as depth
    from tree
    full join (select folder from past where folder <> $2) past on past.folder = tree.folder
    left join folder o on o.mailbox = $1 and o.folder = tree.folder
    where tree.folder is null or past.folder is null or o.change > $3
) r on true
where c.mailbox = $1
order by r.depth, r.name, r.told;

select 1
from counter
where mailbox = $1 for update;

with recursive up as (
    select folder, parent, 0 as depth
    from folder
    where mailbox = $1 and folder = $2
    union all
    select o.folder, o.parent, up.depth + 1
    from folder o
    join up on o.mailbox = $1 and o.folder = up.parent
)
select folder
from up
order by depth;

with recursive tree as (
    select folder, 1 as depth
    from folder
    where mailbox = $1 and folder = $2
    union all
    select k.folder, tree.depth + 1
    from folder k
    join tree on k.mailbox = $1 and k.parent = tree.folder
)
select count(*), coalesce(max(depth), 0)::bigint
from tree;

with source as (select folder, parent from folder where mailbox = $1 and folder = $2),
below as (
    with recursive below as (
        select folder
        from folder
        where mailbox = $1 and parent = $2
        union all
        select k.folder
        from folder k
        join below on k.mailbox = $1 and k.parent = below.folder
    )
    select folder
    from below
),
taken as (
    update counter
    set seq = seq + 1, attachment = attachment + 0, hour = floor(extract(epoch from now()) / 3600)::int, hourly
        = case when hour = floor(extract(epoch from now()) / 3600)::int then hourly else 0 end + 1
    where mailbox = $1 and exists (select from source)
    returning seq, seq - 1 as base, attachment
),
changed as (
    update folder o
    set change = taken.seq, parent = case when o.folder = $2 then $3::bigint else o.parent end, modified = case
        when o.folder = $2 then now() else o.modified end
    from taken, source
    where o.mailbox = $1 and (
        o.folder in (source.folder, source.parent, $3::bigint) or o.folder in (select folder from below)
    )
    returning o.folder
),
journalled as (
    insert into journal (
        mailbox, seq, kind, item, folder, old_item, old_folder, parent, associated, counts, rights
    )
    select $1, taken.base + 1, 18, null, source.folder, null, source.parent, $3::bigint, false, false, null
    from taken
    cross join source
)
select taken.seq
from taken;

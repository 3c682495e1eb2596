select 1
from counter
where mailbox = $1 for update;

with tree as (
    with recursive tree as (
        select folder, parent, 0 as depth, props
        from folder
        where mailbox = $1 and folder = $2
        union all
        select k.folder, k.parent, tree.depth + 1, k.props
        from folder k
        join tree on k.mailbox = $1 and k.parent = tree.folder
    )
    select *
    from tree
),
source as (
    select g.*, row_number() over (order by g.rank, g.item, g.folder) as n
    from (
        select 0 as rank, i.item, i.folder, null::bigint as parent, i.flags, i.size, null::jsonb as rights
        from item i, tree
        where i.mailbox = $1 and i.folder = tree.folder
        union all
        select 1000000 - depth, null, folder, parent, 0, 0, coalesce(props -> 'PermissionSet', '[]'::jsonb)
        from tree
        where depth > 0
    ) g
),
taken as (
    update counter
    set seq = seq + (select count(*) from source), attachment = attachment + 0, dead = dead + (select coalesce(sum(size), 0) from source)::bigint,
        hour = floor(extract(epoch from now()) / 3600)::int, hourly = case when hour = floor(extract(epoch from now()) / 3600)::int
        then hourly else 0 end + (select count(*) from source)
    where mailbox = $1 and exists (select from source)
    returning seq, seq - (select count(*) from source) as base, attachment
),
removed as (
    delete from item i using taken, source
    where i.mailbox = $1 and source.item is not null and i.item = source.item
    returning i.item
),
removed_folder as (
    delete from folder o using taken, source
    where o.mailbox = $1 and source.item is null and o.folder = source.folder
    returning o.folder
),
kept as (
    update folder o
    set change = taken.seq, touched = clock_timestamp(), total = 0, unread = 0, bytes = 0
    from taken
    where o.mailbox = $1 and o.folder = $2
),
journalled as (
    insert into journal (
        mailbox, seq, kind, item, folder, old_item, old_folder, parent, associated, counts, rights
    )
    select $1, taken.base + source.n, case when source.item is null then 19 else 7 end::smallint, source.item,
        coalesce(
        (
            select removed_folder.folder
            from removed_folder
            where source.item is null and removed_folder.folder = source.folder
        ), case when removed.item is not null then source.folder end
    ), null, null, source.parent, source.flags & 128 <> 0, source.item is not null and source.flags & 128 = 0,
        source.rights
    from taken
    cross join source
    left join removed on removed.item = source.item
)
select taken.seq
from taken;

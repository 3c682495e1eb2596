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

select o.folder, o.parent, o.kind, o.class, o.name, o.distinguished, o.change, o.created, o.modified, o.touched,
    o.total, o.unread, (
    select count(*)
    from folder k
    where k.mailbox = o.mailbox and k.parent = o.folder
), o.bytes, o.hidden, o.props, o.ext
from folder o
where o.mailbox = $1 and (o.folder = any($2) or o.distinguished = any($3));

with taken as (
    update counter
    set seq = seq + 1, attachment = attachment + 0, hour = floor(extract(epoch from now()) / 3600)::int, hourly
        = case when hour = floor(extract(epoch from now()) / 3600)::int then hourly else 0 end + 1
    where mailbox = $1 and exists (select from folder where mailbox = $1 and folder = $2::bigint)
    returning seq, seq - 1 as base, attachment
),
above as (
    update folder o
    set change = taken.seq
    from taken
    where o.mailbox = $1 and o.folder = $2::bigint
    returning o.folder
),
made as (
    insert into folder (mailbox, folder, change, parent, kind, class, name, distinguished, hidden, props, ext)
    select $1, taken.seq, taken.seq, above.folder, $4, $5, $6, $7, $8, $9, $10
    from taken, above
    returning folder, parent
),
journalled as (
    insert into journal (
        mailbox, seq, kind, item, folder, old_item, old_folder, parent, associated, counts, rights
    )
    select $1, taken.base + 1, 20, null, made.folder, null, $3::bigint, made.parent, false, false, null
    from taken
    left join made on true
)
select taken.seq
from taken;

select item
from item
where mailbox = $1 and folder = $2
order by item;

select coalesce(sum(size), 0)::bigint
from item
where mailbox = $1 and item = any($2);

select coalesce(m.quota_bytes, $2), (
    select coalesce(sum(f.bytes), 0)::bigint
    from folder f
    where f.mailbox = $1
), c.dead
from counter c
join mailbox m using (mailbox)
where mailbox = $1;

select folder
from folder
where mailbox = $1 and parent = $2 and folder <> $3
order by folder;

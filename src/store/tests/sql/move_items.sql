with source as (
    select i.item, i.folder, i.kind, i.change, i.size, row_number() over (order by w.at) as n, (i.flags & 128 = 0)::int::bigint
        as normal, (i.flags & 129 = 0)::int::bigint as unread
    from unnest($2::bigint[]) with ordinality as w (item, at), item i
    where i.mailbox = $1 and i.item = w.item
),
taken as (
    update counter
    set seq = seq + (select count(*) from source), attachment = attachment + 0, hour = floor(extract(epoch from now()) / 3600)::int,
        hourly = case when hour = floor(extract(epoch from now()) / 3600)::int then hourly else 0 end + (select count(*) from source)
    where mailbox = $1 and exists (select from source) and exists (select from folder where mailbox = $1 and folder = $3::bigint)
    returning seq, seq - (select count(*) from source) as base, attachment
),
changed as (
    update item i
    set item = taken.base + source.n, folder = $3::bigint, change = taken.base + source.n, modified = now()
    from taken, source
    where i.mailbox = $1 and i.item = source.item and i.change = source.change
    returning source.item
),
placed as (
    update event e
    set item = taken.base + source.n, folder = $3::bigint
    from taken, source
    where e.mailbox = $1 and e.item = source.item
    returning 1
),
counted as (
    update folder o
    set total = o.total + delta.total, unread = o.unread + delta.unread, bytes = o.bytes + delta.bytes, touched
        = clock_timestamp(), change = case when delta.moved then taken.seq else o.change end
    from taken, (
        select folder, sum(total)::bigint as total, sum(unread)::bigint as unread, sum(bytes)::bigint as bytes,
            bool_or(total <> 0) as moved
        from (
            select folder, -normal as total, -unread as unread, -size as bytes
            from source
            union all
            select $3::bigint, normal, unread, size
            from source
        ) deltas
        group by folder
    ) delta
    where o.mailbox = $1 and o.folder = delta.folder
    returning o.folder
),
journalled as (
    insert into journal (
        mailbox, seq, kind, item, folder, old_item, old_folder, parent, associated, counts, rights
    )
    select $1, taken.base + source.n, 5, taken.base + source.n, case when changed.item is not null and exists (select from counted where counted.folder = $3::bigint)
        then $3::bigint end, source.item, source.folder, null, source.normal = 0, source.normal <> 0, null
    from taken
    cross join source
    left join changed on changed.item = source.item
)
select taken.seq, taken.base + source.n, $3::bigint, source.kind, taken.base + source.n, source.item
from taken, source
order by source.n;

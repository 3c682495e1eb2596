with source as (
    select item, folder, change, size, row_number() over (order by item) as n, (flags & 128 = 0)::int::bigint
        as normal, (flags & 129 = 0)::int::bigint as unread
    from item
    where mailbox = $1 and item = any($2::bigint[])
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
    where i.mailbox = $1 and i.item = source.item and i.change = source.change
    returning i.item
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
    select $1, taken.base + source.n, 7, source.item, case when removed.item is not null then source.folder end,
        null, null, null, source.normal = 0, source.normal <> 0, null
    from taken
    cross join source
    left join removed on removed.item = source.item
)
select taken.seq, source.item
from taken, source
order by source.n;

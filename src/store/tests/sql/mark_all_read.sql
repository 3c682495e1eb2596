with source as (
    select item, folder, kind, change, flags, row_number() over (order by item) as n
    from item
    where mailbox = $1 and folder = $2 and (flags & 1 <> 0) <> $3
),
taken as (
    update counter
    set seq = seq + (select count(*) from source), attachment = attachment + 0, hour = floor(extract(epoch from now()) / 3600)::int,
        hourly = case when hour = floor(extract(epoch from now()) / 3600)::int then hourly else 0 end + (select count(*) from source)
    where mailbox = $1 and exists (select from source)
    returning seq, seq - (select count(*) from source) as base, attachment
),
changed as (
    update item i
    set change = taken.base + source.n, modified = now(), flags = i.flags # 1
    from taken, source
    where i.mailbox = $1 and i.item = source.item and i.change = source.change
    returning i.item
),
counted as (
    update folder o
    set unread = o.unread + delta.unread, touched = clock_timestamp(), change = taken.seq
    from taken, (
        select folder, sum(case when $3 then -1 else 1 end)::bigint as unread
        from source
        where flags & 128 = 0
        group by folder
    ) delta
    where o.mailbox = $1 and o.folder = delta.folder
),
journalled as (
    insert into journal (
        mailbox, seq, kind, item, folder, old_item, old_folder, parent, associated, counts, rights
    )
    select $1, taken.base + source.n, 4, source.item, case when changed.item is not null then source.folder end,
        null, null, null, source.flags & 128 <> 0, source.flags & 128 = 0, null
    from taken
    cross join source
    left join changed on changed.item = source.item
)
select taken.seq, source.item, source.folder, source.kind, taken.base + source.n, source.item
from taken, source;

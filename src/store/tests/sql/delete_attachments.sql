with source as (
    select item, folder, kind, change, flags
    from item
    where mailbox = $1 and item = $2
),
gone as (
    select a.attachment, a.size
    from attachment a, source
    where a.mailbox = $1 and a.item = source.item and a.attachment = any($3::bigint[])
),
taken as (
    update counter
    set seq = seq + 1, attachment = attachment + 0, dead = dead + (select coalesce(sum(size), 0) from gone)::bigint,
        hour = floor(extract(epoch from now()) / 3600)::int, hourly = case when hour = floor(extract(epoch from now()) / 3600)::int
        then hourly else 0 end + 1
    where mailbox = $1 and exists (select from gone)
    returning seq, seq - 1 as base, attachment
),
removed as (
    delete from attachment a using taken, gone
    where a.mailbox = $1 and a.attachment = gone.attachment
    returning 1
),
changed as (
    update item i
    set change = taken.seq, modified = now(), attachments = i.attachments + -(select count(*) from gone)::int,
        size = i.size + -(select coalesce(sum(size), 0) from gone)::bigint, props = i.props ||
        jsonb_build_object('~Attachments', source.change), flags = (i.flags & -65) | 4096 | case when exists (
        select
        from attachment a
        where a.mailbox = $1 and a.item = $2 and not a.is_inline and a.attachment not in (select attachment from gone)
    ) then 64 else 0 end
    from taken, source
    where i.mailbox = $1 and i.item = source.item and i.change = source.change
    returning i.folder
),
reworded as (
    insert into reword (mailbox, item)
    select $1, source.item
    from taken, source
    on conflict do nothing
),
counted as (
    update folder o
    set bytes = o.bytes + -(select coalesce(sum(size), 0) from gone)::bigint, touched = clock_timestamp()
    from taken, source
    where o.mailbox = $1 and o.folder = source.folder
),
journalled as (
    insert into journal (
        mailbox, seq, kind, item, folder, old_item, old_folder, parent, associated, counts, rights
    )
    select $1, taken.base + 1, 3, source.item, changed.folder, null, null, null, source.flags & 128 <> 0, false,
        null
    from taken
    cross join source
    left join changed on true
)
select taken.seq, source.item, source.folder, source.kind, taken.seq, source.item, taken.attachment, (select array_agg(attachment order by attachment) from gone)
from taken, source;

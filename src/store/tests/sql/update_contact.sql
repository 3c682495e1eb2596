with source as (
    select item, folder, kind, change, flags, size, body, mime
    from item
    where mailbox = $1 and item = $2
),
taken as (
    update counter
    set seq = seq + 1, attachment = attachment + 0, hour = floor(extract(epoch from now()) / 3600)::int, hourly
        = case when hour = floor(extract(epoch from now()) / 3600)::int then hourly else 0 end + 1
    where mailbox = $1 and exists (select from source)
    returning seq, seq - 1 as base, attachment
),
changed as (
    update item i
    set change = taken.seq, modified = now()
    from taken, source
    where i.mailbox = $1 and i.item = source.item and i.change = source.change
    returning i.item, i.folder, i.kind
),
named as (
    insert into contact (mailbox, item, key, text)
    select $1, changed.item, w.key, w.text
    from taken, changed, unnest($3::text[], $4::text[]) as w (key, text)
    on conflict (mailbox, item, key) do update set text = excluded.text
    where contact.text is distinct from excluded.text
    returning 1
),
unnamed as (
    delete from contact x using taken, changed
    where x.mailbox = $1 and x.item = changed.item and x.key <> all($3::text[])
    returning 1
),
delta as (
    select source.folder, (((source.flags | $5::int) & ~$6::int) & 129 = 0)::int - ((source.flags) & 129 = 0)::int
        as unread, 0::bigint as bytes
    from source
),
counted as (
    update folder o
    set unread = o.unread + delta.unread, bytes = o.bytes + delta.bytes, touched = clock_timestamp(), change =
        case when delta.unread <> 0 then taken.seq else o.change end
    from taken, delta
    where o.mailbox = $1 and o.folder = delta.folder
),
journalled as (
    insert into journal (
        mailbox, seq, kind, item, folder, old_item, old_folder, parent, associated, counts, rights
    )
    select $1, taken.base + 1, 3, source.item, changed.folder, null, null, null, source.flags & 128 <> 0,
        exists (select from delta where delta.unread <> 0), null
    from taken
    cross join source
    left join changed on true
)
select taken.seq, source.item, source.folder, coalesce(changed.kind, source.kind), taken.seq, source.item
from taken, source
left join changed on true;

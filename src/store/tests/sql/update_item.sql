with source as (
    select item, folder, kind, change, flags, size, body, mime
    from item
    where mailbox = $1 and item = $2 and change = $3
),
taken as (
    update counter
    set seq = seq + 1, attachment = attachment + 0, dead = dead + (
        select coalesce(sum(octet_length(b.data)), 0)
        from blob b, source
        where b.mailbox = $1 and b.hash in (source.body)
    )::bigint, hour = floor(extract(epoch from now()) / 3600)::int, hourly = case when hour = floor(extract(epoch from now()) / 3600)::int
        then hourly else 0 end + 1
    where mailbox = $1 and exists (select from source) and coalesce(
        (
            select (
                select coalesce(sum(f.bytes), 0)::bigint
                from folder f
                where f.mailbox = $1
            ) + greatest(counter.dead - q.most, 0) + $4::bigint <= q.most
            from (
                select coalesce(m.quota_bytes, 0) as most
                from mailbox m
                where m.mailbox = $1
            ) q
            where q.most > 0
        ), true
    )
    returning seq, seq - 1 as base, attachment
),
contents as (
    insert into blob (mailbox, hash, part, data, plain)
    select $1, p.hash, p.part, p.data, p.plain
    from unnest($5::bytea[], $6::int[], $7::bytea[], $8::text[]) as p (hash, part, data, plain), taken
    on conflict (mailbox, hash, part) do update set touched = now(), plain = coalesce(blob.plain, excluded.plain)
    where blob.touched < now() - interval '10 minutes' or (blob.plain is null and excluded.plain is not null)
),
changed as (
    update item i
    set change = taken.seq, flags = (i.flags | $9::int) & ~$10::int, subject = $11, size = $12, modified = now(),
        props = (i.props || $13::jsonb) - $14::text[], body = $15, search = $16::tsvector
    from taken, source
    where i.mailbox = $1 and i.item = source.item and i.change = source.change
    returning i.item, i.folder, i.kind
),
reworded as (
    insert into reword (mailbox, item)
    select $1, changed.item
    from changed
    on conflict do nothing
),
delta as (
    select source.folder, (((source.flags | $17::int) & ~$18::int) & 129 = 0)::int - ((source.flags) & 129 = 0)::int
        as unread, $19::bigint - source.size as bytes
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

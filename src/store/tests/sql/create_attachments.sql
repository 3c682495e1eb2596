with source as (
    select item, folder, kind, change, flags
    from item
    where mailbox = $1 and item = $2
),
taken as (
    update counter
    set seq = seq + 1, attachment = attachment + $3::bigint, hour = floor(extract(epoch from now()) / 3600)::int,
        hourly = case when hour = floor(extract(epoch from now()) / 3600)::int then hourly else 0 end + 1
    where mailbox = $1 and exists (select from source) and coalesce(
        (
            select (
                select coalesce(sum(f.bytes), 0)::bigint
                from folder f
                where f.mailbox = $1
            ) + greatest(counter.dead - q.most, 0) + $6::bigint <= q.most
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
    from unnest($7::bytea[], $8::int[], $9::bytea[], $10::text[]) as p (hash, part, data, plain), taken
    on conflict (mailbox, hash, part) do update set touched = now(), plain = coalesce(blob.plain, excluded.plain)
    where blob.touched < now() - interval '10 minutes' or (blob.plain is null and excluded.plain is not null)
),
attached as (
    insert into attachment (
        mailbox, attachment, item, kind, name, content_type, content_id, content_location, size, modified,
            is_inline, content, props, search
    )
    select $1, taken.attachment - cardinality($11::int[]) + w.at, source.item, w.kind, w.name, w.content_type,
        w.content_id, w.content_location, w.size, coalesce(w.modified, now()), w.is_inline, w.content, w.props,
        w.search::tsvector
    from taken, source, unnest(
        $11::int[], $12::text[], $13::text[], $14::text[], $15::text[], $16::bigint[], $17::timestamptz[],
            $18::bool[], $19::bytea[], $20::jsonb[], $21::text[]
    ) with ordinality as w (
        kind, name, content_type, content_id, content_location, size, modified, is_inline, content, props,
            search, at
    )
    returning attachment
),
changed as (
    update item i
    set change = taken.seq, modified = now(), attachments = i.attachments + $3::int, size = i.size + $4::bigint,
        props = i.props || jsonb_build_object('~Attachments', source.change), flags = (i.flags & -1) | 4096 |
        case when $5 then 64 else 0 end
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
    set bytes = o.bytes + $4::bigint, touched = clock_timestamp()
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
select taken.seq, source.item, source.folder, source.kind, taken.seq, source.item, taken.attachment
from taken, source;

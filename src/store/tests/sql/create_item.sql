with taken as (
    update counter
    set seq = seq + 1, attachment = attachment + $4::bigint, hour = floor(extract(epoch from now()) / 3600)::int,
        hourly = case when hour = floor(extract(epoch from now()) / 3600)::int then hourly else 0 end + 1
    where mailbox = $1 and exists (select from folder where mailbox = $1 and folder = $3) and coalesce(
        (
            select (
                select coalesce(sum(f.bytes), 0)::bigint
                from folder f
                where f.mailbox = $1
            ) + greatest(counter.dead - q.most, 0) + $2::bigint <= q.most
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
counted as (
    update folder o
    set total = o.total + $9::bigint, unread = o.unread + $10::bigint, bytes = o.bytes + $11::bigint, touched =
        clock_timestamp(), change = case when $9::bigint > 0 then taken.seq else o.change end
    from taken
    where o.mailbox = $1 and o.folder = $3
    returning o.folder
),
made as (
    insert into item (
        mailbox, item, folder, change, creator, kind, flags, unreadable, attachments, body, mime, props, ext,
            search, class, created, modified, size, subject, received, sent, importance, sensitivity,
            display_to, display_cc, display_bcc, from_name, from_mailbox, sender, message_id, in_reply_to, refs,
            conversation, topic, conv_index, culture, categories, preview, icon_index, flag_status, flag_start,
            flag_due, flag_complete, modified_by, reminder_due, body_type
    )
    select $1, taken.seq, counted.folder, taken.seq, $19, $12, $13, $14::boolean, $4::bigint, $15, $16, $17,
        $18, $20::tsvector, $21, coalesce($22::timestamptz, now()), coalesce($23::timestamptz, now()), $24, $25,
        coalesce($26::timestamptz, now()), $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40,
        $41, $42, $43, $44, $45, $46, $47, $48, $49, $50, $51, $52
    from taken, counted
    returning item
),
attached as (
    insert into attachment (
        mailbox, attachment, item, kind, name, content_type, content_id, content_location, size, modified,
            is_inline, content, props, search
    )
    select $1, taken.attachment - cardinality($53::int[]) + w.at, made.item, w.kind, w.name, w.content_type,
        w.content_id, w.content_location, w.size, coalesce(w.modified, now()), w.is_inline, w.content, w.props,
        w.search::tsvector
    from taken, made, unnest(
        $53::int[], $54::text[], $55::text[], $56::text[], $57::text[], $58::bigint[], $59::timestamptz[],
            $60::bool[], $61::bytea[], $62::jsonb[], $63::text[]
    ) with ordinality as w (
        kind, name, content_type, content_id, content_location, size, modified, is_inline, content, props,
            search, at
    )
    returning attachment
),
journalled as (
    insert into journal (
        mailbox, seq, kind, item, folder, old_item, old_folder, parent, associated, counts, rights
    )
    select $1, taken.base + 1, 1, taken.seq, counted.folder, null, null, null, false, true, null
    from taken
    left join counted on true
)
select taken.seq
from taken;

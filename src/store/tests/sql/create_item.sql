with taken as (
    update counter
    set seq = seq + 1, attachment = attachment + $3::bigint
    where mailbox = $1 and exists (select from folder where mailbox = $1 and folder = $2)
    returning seq, seq - 1 as base, attachment
),
contents as (
    insert into blob (mailbox, hash, part, data)
    select $1, p.hash, p.part, p.data
    from unnest($4::bytea[], $5::int[], $6::bytea[]) as p (hash, part, data), taken
    on conflict (mailbox, hash, part) do update set touched = now()
    where blob.touched < now() - interval '10 minutes'
),
counted as (
    update folder o
    set total = o.total + $7::bigint, unread = o.unread + $8::bigint, bytes = o.bytes + $9::bigint, change =
        case when $7::bigint > 0 then taken.seq else o.change end
    from taken
    where o.mailbox = $1 and o.folder = $2
    returning o.folder
),
made as (
    insert into item (
        mailbox, item, folder, change, creator, kind, flags, attachments, body, mime, props, ext, search, class,
            created, modified, size, subject, received, sent, importance, sensitivity, display_to, display_cc,
            display_bcc, from_name, from_mailbox, sender, message_id, in_reply_to, refs, conversation, topic,
            conv_index, culture, categories, preview, icon_index, flag_status, flag_start, flag_due,
            flag_complete, modified_by, reminder_due, body_type
    )
    select $1, taken.seq, counted.folder, taken.seq, $16, $10, $11, $3::bigint, $12, $13, $14, $15,
        array_to_tsvector($17::text[]), $18, coalesce($19::timestamptz, now()), coalesce($20::timestamptz, now()),
        $21, $22, coalesce($23::timestamptz, now()), $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35,
        $36, $37, $38, $39, $40, $41, $42, $43, $44, $45, $46, $47, $48, $49
    from taken, counted
    returning item
),
attached as (
    insert into attachment (
        mailbox, attachment, item, kind, name, content_type, content_id, content_location, size, modified,
            is_inline, content, props
    )
    select $1, taken.attachment - cardinality($50::int[]) + w.at, made.item, w.kind, w.name, w.content_type,
        w.content_id, w.content_location, w.size, coalesce(w.modified, now()), w.is_inline, w.content, w.props
    from taken, made, unnest(
        $50::int[], $51::text[], $52::text[], $53::text[], $54::text[], $55::bigint[], $56::timestamptz[],
            $57::bool[], $58::bytea[], $59::jsonb[]
    ) with ordinality as w (
        kind, name, content_type, content_id, content_location, size, modified, is_inline, content, props, at
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

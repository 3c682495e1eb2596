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
counted as (
    update folder o
    set total = o.total + $5::bigint, unread = o.unread + $6::bigint, bytes = o.bytes + $7::bigint, touched =
        clock_timestamp(), change = case when $5::bigint > 0 then taken.seq else o.change end
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
    select $1, taken.seq, counted.folder, taken.seq, $15, $8, $9, $10::boolean, $4::bigint, $11, $12, $13, $14,
        $16::tsvector, $17, coalesce($18::timestamptz, now()), coalesce($19::timestamptz, now()), $20, $21,
        coalesce($22::timestamptz, now()), $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36,
        $37, $38, $39, $40, $41, $42, $43, $44, $45, $46, $47, $48
    from taken, counted
    returning item
),
placed as (
    insert into event (mailbox, item, folder, starts, ends, span, series, uid)
    select $1, made.item, counted.folder, $49::timestamptz, coalesce($50::timestamptz, 'infinity'),
        $51::smallint, $52::boolean, $53::bytea
    from taken, counted, made
    returning 1
),
reminded as (
    insert into reminder (mailbox, item, at)
    select $1, made.item, $54::timestamptz
    from taken, made
    returning 1
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

select 1
from counter
where mailbox = $1 for update;

select coalesce(sum(size), 0)::bigint
from item
where mailbox = $1 and item = any($2);

select coalesce(m.quota_bytes, $2), (
    select coalesce(sum(f.bytes), 0)::bigint
    from folder f
    where f.mailbox = $1
), c.dead
from counter c
join mailbox m using (mailbox)
where mailbox = $1;

with source as (
    select i.item, i.folder, i.kind, i.change, i.size, row_number() over (order by w.at) as n, (i.flags & 128 = 0)::int::bigint
        as normal, (i.flags & 129 = 0)::int::bigint as unread
    from unnest($2::bigint[]) with ordinality as w (item, at), item i
    where i.mailbox = $1 and i.item = w.item
),
attachments as (
    select a.*, source.n as item_n, row_number() over (order by source.n, a.attachment) as n
    from attachment a, source
    where a.mailbox = $1 and a.item = source.item
),
taken as (
    update counter
    set seq = seq + (select count(*) from source), attachment = attachment + (select count(*) from attachments),
        hour = floor(extract(epoch from now()) / 3600)::int, hourly = case when hour = floor(extract(epoch from now()) / 3600)::int
        then hourly else 0 end + (select count(*) from source)
    where mailbox = $1 and exists (select from source) and exists (select from folder where mailbox = $1 and folder = $3::bigint)
    returning seq, seq - (select count(*) from source) as base, attachment
),
made as (
    insert into item (
        mailbox, item, folder, change, creator, kind, flags, unreadable, attachments, body, mime, props, ext,
            search, class, created, modified, size, subject, received, sent, importance, sensitivity,
            display_to, display_cc, display_bcc, from_name, from_mailbox, sender, message_id, in_reply_to, refs,
            conversation, topic, conv_index, culture, categories, preview, icon_index, flag_status, flag_start,
            flag_due, flag_complete, modified_by, reminder_due, body_type
    )
    select $1, taken.base + source.n, $3::bigint, taken.base + source.n, case when $4::bigint is not null and (
        o.kind = 2 and (
            o.sensitivity is not distinct from 2 or o.props @?
                '$.ModifiedOccurrences[*].columns.sensitivity ? (@ == 2)'
        )
    ) then o.creator else $4::bigint end, o.kind, o.flags, o.unreadable, o.attachments, o.body, o.mime, o.props,
        o.ext, o.search, o.class, o.created, o.modified, o.size, o.subject, o.received, o.sent, o.importance,
        o.sensitivity, o.display_to, o.display_cc, o.display_bcc, o.from_name, o.from_mailbox, o.sender,
        o.message_id, o.in_reply_to, o.refs, o.conversation, o.topic, o.conv_index, o.culture, o.categories,
        o.preview, o.icon_index, o.flag_status, o.flag_start, o.flag_due, o.flag_complete, o.modified_by,
        o.reminder_due, o.body_type
    from taken, source, item o
    where o.mailbox = $1 and o.item = source.item
    returning item
),
attached as (
    insert into attachment (
        mailbox, attachment, item, kind, name, content_type, content_id, content_location, size, modified,
            is_inline, content, props, search
    )
    select $1, taken.attachment - (select count(*) from attachments) + attachments.n, taken.base +
        attachments.item_n, kind, name, content_type, content_id, content_location, size, modified, is_inline,
        content, props, search
    from taken, attachments
),
named as (
    insert into contact (mailbox, item, key, text)
    select $1, taken.base + source.n, o.key, o.text
    from taken, source, contact o
    where o.mailbox = $1 and o.item = source.item
),
placed as (
    insert into event (mailbox, item, folder, starts, ends, span, series, uid)
    select $1, taken.base + source.n, $3::bigint, e.starts, e.ends, e.span, e.series, e.uid
    from taken, source, event e
    where e.mailbox = $1 and e.item = source.item
    returning 1
),
reminded as (
    insert into reminder (mailbox, item, at)
    select $1, taken.base + source.n, r.at
    from taken, source, reminder r
    where r.mailbox = $1 and r.item = source.item
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
            select $3::bigint as folder, normal as total, unread, size as bytes
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
    select $1, taken.base + source.n, 6, made.item, case when made.item is not null then $3::bigint end,
        source.item, source.folder, null, source.normal = 0, source.normal <> 0, null
    from taken
    cross join source
    left join made on made.item = taken.base + source.n
)
select taken.seq, taken.base + source.n, $3::bigint, source.kind, taken.base + source.n, source.item
from taken, source
order by source.n;

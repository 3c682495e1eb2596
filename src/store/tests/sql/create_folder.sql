with taken as (
    update counter
    set seq = seq + 1, attachment = attachment + 0, hour = floor(extract(epoch from now()) / 3600)::int, hourly
        = case when hour = floor(extract(epoch from now()) / 3600)::int then hourly else 0 end + 1
    where mailbox = $1 and exists (select from folder where mailbox = $1 and folder = $2::bigint)
    returning seq, seq - 1 as base, attachment
),
above as (
    update folder o
    set change = taken.seq
    from taken
    where o.mailbox = $1 and o.folder = $2::bigint
    returning o.folder
),
made as (
    insert into folder (mailbox, folder, change, parent, kind, class, name, distinguished, hidden, props, ext)
    select $1, taken.seq, taken.seq, above.folder, $4, $5, $6, $7, $8, $9, $10
    from taken, above
    returning folder, parent
),
journalled as (
    insert into journal (
        mailbox, seq, kind, item, folder, old_item, old_folder, parent, associated, counts, rights
    )
    select $1, taken.base + 1, 16, null, made.folder, null, $3::bigint, made.parent, false, false, null
    from taken
    left join made on true
)
select taken.seq
from taken;

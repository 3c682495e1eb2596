with source as (
    select folder, coalesce(props -> 'PermissionSet', '[]'::jsonb) as rights
    from folder
    where mailbox = $1 and folder = $2
),
taken as (
    update counter
    set seq = seq + 1, attachment = attachment + 0, hour = floor(extract(epoch from now()) / 3600)::int, hourly
        = case when hour = floor(extract(epoch from now()) / 3600)::int then hourly else 0 end + 1
    where mailbox = $1 and exists (select from source)
    returning seq, seq - 1 as base, attachment
),
changed as (
    update folder o
    set change = taken.seq, modified = now(), name = $3
    from taken, source
    where o.mailbox = $1 and o.folder = source.folder
    returning o.folder, o.parent
),
journalled as (
    insert into journal (
        mailbox, seq, kind, item, folder, old_item, old_folder, parent, associated, counts, rights
    )
    select $1, taken.base + 1, 17, null, changed.folder, null, null, changed.parent, false, false, null
    from taken
    cross join source
    left join changed on true
)
select taken.seq
from taken;

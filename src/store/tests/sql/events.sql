select c.seq, c.trimmed, exists (
    select
    from lost l
    where l.mailbox = $1 and $2 > l.survived and $2 < l.resumed
), j.seq, j.at, j.kind, j.item, j.folder, j.old_item, j.old_folder, j.parent, j.associated, j.counts, (
    select f.unread
    from folder f
    where f.mailbox = $1 and f.folder = j.folder
), (
    select f.unread
    from folder f
    where f.mailbox = $1 and f.folder = j.old_folder
)
from counter c
left join lateral (
    select *
    from journal
    where mailbox = $1 and seq > $2 and (folder = any($4) or old_folder = any($4) or parent = any($4))
    order by seq
    limit $3
) j on true
where c.mailbox = $1
order by j.seq;

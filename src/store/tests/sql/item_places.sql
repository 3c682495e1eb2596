select w.folder, w.item, i.item is not null, coalesce(i.kind = $4 and i.sensitivity = $5, false), i.creator,
    o.props
from unnest($2::bigint[], $3::bigint[]) as w (folder, item)
join folder o on o.mailbox = $1 and o.folder = w.folder
left join item i on i.mailbox = $1 and i.item = w.item and i.folder = w.folder;

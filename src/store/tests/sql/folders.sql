select o.folder, o.parent, o.kind, o.class, o.name, o.distinguished, o.change, o.created, o.modified, o.touched,
    o.total, o.unread, (
    select count(*)
    from folder k
    where k.mailbox = o.mailbox and k.parent = o.folder
), o.bytes, o.hidden, o.props, o.ext
from folder o
where o.mailbox = $1 and (o.folder = any($2) or o.distinguished = any($3));

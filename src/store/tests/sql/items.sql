select i.item, i.folder, i.kind, i.change, i.flags, i.attachments, i.creator, i.subject, i.received, i.props,
    i.ext, (
    select string_agg(b.data, ''::bytea order by b.part)
    from blob b
    where b.mailbox = i.mailbox and b.hash = i.body and b.part < 4
), (
    select string_agg(b.data, ''::bytea order by b.part)
    from blob b
    where b.mailbox = i.mailbox and b.hash = i.mime and b.part < 4
), i.body, i.mime
from item i
where i.mailbox = $1 and i.item = $2;

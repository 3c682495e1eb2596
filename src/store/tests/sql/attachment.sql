select a.attachment, a.item, a.kind, a.name, a.content_type, a.content_id, a.content_location, a.size,
    a.modified, a.is_inline, a.props, (
    select string_agg(b.data, ''::bytea order by b.part)
    from blob b
    where b.mailbox = a.mailbox and b.hash = a.content and b.part < 4
), a.content
from attachment a
where a.mailbox = $1 and a.attachment = $2 and a.item = $3;

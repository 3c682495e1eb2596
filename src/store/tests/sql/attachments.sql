select a.attachment, a.item, a.kind, a.name, a.content_type, a.content_id, a.content_location, a.size,
    a.modified, a.is_inline, a.props
from attachment a
where a.mailbox = $1 and a.item = any($2)
order by a.item, a.attachment;

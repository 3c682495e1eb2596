select i.item, i.folder, i.kind, i.change, i.flags, i.attachments, i.creator, i.subject, i.received, i.props
from item i
where i.mailbox = $1 and i.folder = $3::bigint and cardinality($2::bigint[]) = 1 and not i.associated and (
    (lower(i.subject) collate ewsd_order >= lower($4::text)) and ((i.flags & 1 <> 0) = $5::boolean)
)
order by lower(i.subject) collate ewsd_order asc nulls first, i.item asc
limit $6::bigint offset $7::bigint;

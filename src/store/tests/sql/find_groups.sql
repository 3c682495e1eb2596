select i.item, i.folder, i.kind, i.change, i.flags, i.attachments, i.creator, i.subject, i.received, i.props,
    lower(i.from_name)
from item i
where i.mailbox = $1 and i.folder = $3::bigint and cardinality($2::bigint[]) = 1 and not i.associated and (
    (lower(i.subject) collate ewsd_order >= lower($4::text)) and ((i.flags & 1 <> 0) = $5::boolean)
)
order by max(i.received) over (partition by lower(i.from_name)) desc nulls last, lower(i.from_name) collate "C"
    asc nulls first, lower(i.subject) collate ewsd_order asc nulls first, i.item asc
limit $6::bigint offset $7::bigint;

select count(*)
from item i
where i.mailbox = $1 and i.folder = $3::bigint and cardinality($2::bigint[]) = 1 and not i.associated and (
    (lower(i.subject) collate ewsd_order >= lower($4::text)) and ((i.flags & 1 <> 0) = $5::boolean)
);

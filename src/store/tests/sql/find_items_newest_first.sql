select i.item, i.folder, i.kind, i.change, i.flags, i.attachments, i.creator, i.subject, i.received, i.props, (
    select coalesce(sum(f.total), 0)::bigint
    from folder f
    where f.mailbox = $1 and f.folder = any($2)
)
from item i
where i.mailbox = $1 and i.folder = $3::bigint and cardinality($2::bigint[]) = 1 and not i.associated
order by i.received desc, i.item desc
limit $4::bigint offset $5::bigint;

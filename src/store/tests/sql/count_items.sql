select count(*)
from item i
where i.mailbox = $1 and i.folder = $3::bigint and cardinality($2::bigint[]) = 1 and not i.associated and (
    (lower(i.subject) collate ewsd_order >= lower($4::text)) and ((i.flags & 1 <> 0) = $5::boolean)
);

select w.place - 1
from (
    select row_number() over (order by lower(i.subject) collate ewsd_order asc nulls first, i.item asc) as
        place, (
        (lower(i.subject) collate ewsd_order >= lower($3::text)) and ((i.flags & 1 <> 0) = $4::boolean)
    ) as met
    from item i
    where i.mailbox = $1 and i.folder = $5::bigint and cardinality($2::bigint[]) = 1 and not i.associated and (
        (lower(i.subject) collate ewsd_order >= lower($6::text)) and ((i.flags & 1 <> 0) = $7::boolean)
    )
) w
where w.met
limit 1;

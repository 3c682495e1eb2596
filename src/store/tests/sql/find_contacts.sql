select i.item, i.folder, i.kind, i.change, i.flags, i.attachments, i.creator
from item i
where i.mailbox = $1 and i.folder = $3::bigint and cardinality($2::bigint[]) = 1 and not i.associated and (
    exists (
        select
        from contact k
        where k.mailbox = i.mailbox and k.item = i.item and k.key = $4::text and k.folded = ewsd_fold($5::text)
            and lower(k.text) = lower($5::text)
    )
)
order by lower(
    (
        select k.text
        from contact k
        where k.mailbox = i.mailbox and k.item = i.item and k.key = $6::text
    )
) collate ewsd_order asc nulls first, i.item asc
limit $7::bigint offset $8::bigint;

select x.renewals, lower('IİKΣ') = 'iikσ', array(
    select i.item
    from item i
    where i.mailbox = $1 and i.item > x.upto
    limit $2
), array(
    select r.item
    from reword r
    where r.mailbox = $1 and r.item <= x.upto
    limit $2
), array(
    select coalesce(old_item, item)
    from journal
    where mailbox = $1 and seq > x.buried and kind in (5, 7) and not associated and coalesce(old_item, item) <=
        x.upto
    limit $2
)
from indexed x
join counter c on c.mailbox = x.mailbox
where x.mailbox = $1 and x.upto > 0 and x.buried >= c.trimmed;

select i.item, i.folder, i.kind, i.change, i.flags, i.attachments, i.creator
from item i
where i.mailbox = $1 and i.folder = $3::bigint and cardinality($2::bigint[]) = 1 and not i.associated and (
    exists (
        select
        from (
            select (
                case when i.body_type = 1 and b.plain is not null then b.plain else convert_from(
                    case when position('\x00'::bytea in b.data) = 0 then b.data else decode(
                        regexp_replace(encode(b.data, 'escape'), '(\\\\)|\\000', '\1', 'g'), 'escape'
                    ) end, 'UTF8'
                ) end collate "default"
            ) as v
            from blob b
            where b.mailbox = i.mailbox and b.hash = i.body
        ) m
        where strpos(lower(m.v), lower($4::text)) > 0
    )
)
order by i.received desc, i.item desc
limit $5::bigint offset $6::bigint;

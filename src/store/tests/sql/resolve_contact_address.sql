with met as materialized (
    select item, array_agg(key order by key) as keys
    from contact
    where mailbox = $1 and key like 'EmailAddresses/%' and folded = ewsd_fold($3) and lower(text) = lower($3)
    group by item
)
select m.item, m.keys
from met m
join item i on i.mailbox = $1 and i.item = m.item and i.folder = any($2) and not i.associated
left join contact d on d.mailbox = $1 and d.item = m.item and d.key = 'DisplayName'
order by lower(d.text) collate ewsd_order nulls last, m.item
limit $4;

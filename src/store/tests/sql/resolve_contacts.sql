with met as materialized (
    select item, array_agg(key order by key) as keys
    from contact
    where mailbox = $1 and split_part(key, '/', 1) in (
        'DisplayName', 'FileAs', 'GivenName', 'Surname', 'Nickname', 'CompanyName', 'OfficeLocation',
            'EmailAddresses'
    ) and folded ~>=~ ewsd_fold($3) and folded ~<~ (ewsd_fold($3) || U&'\+10FFFF')
    group by item
)
select m.item, m.keys
from met m
join item i on i.mailbox = $1 and i.item = m.item and i.folder = any($2) and not i.associated
left join contact d on d.mailbox = $1 and d.item = m.item and d.key = 'DisplayName'
order by lower(d.text) collate ewsd_order nulls last, m.item
limit $4;

with page as (
    select i.item, i.body, i.body_type
    from item i, plain_due d
    where d.mailbox = $1 and i.mailbox = $1 and i.item > d.upto
    order by i.item
    limit $2
)
select case when count(*) = $2 then max(item) end, (
    select string_agg(distinct p.body, ''::bytea)
    from page p
    join blob b on b.mailbox = $1 and b.hash = p.body and b.part = 0
    where p.body_type = 1 and b.plain is null
)
from page;

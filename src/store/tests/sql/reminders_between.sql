select r.item, r.at
from (
    select r.item, r.at
    from reminder r
    where r.mailbox = $1 and r.at >= $2 and r.at <= $3
    union all
    select r.item, r.at
    from event e
    join reminder r on r.mailbox = e.mailbox and r.item = e.item
    where e.mailbox = $1 and e.series and e.ends >= $2 and r.at < $2
) r
join item i on i.mailbox = $1 and i.item = r.item and i.kind = any($6)
join folder f on f.mailbox = $1 and f.folder = i.folder and coalesce(f.distinguished <> all($4), true)
order by r.at asc, r.item
limit $5;

select c.seq, c.trimmed, i.item, i.kind, i.change, i.flags
from counter c
left join lateral (
    select item, kind, change, flags
    from item
    where mailbox = $1 and folder = $2 and item < $3 and item <= least($4, c.seq) and (not associated or $5)
    order by item desc
    limit $6
) i on true
where c.mailbox = $1
order by i.item desc;

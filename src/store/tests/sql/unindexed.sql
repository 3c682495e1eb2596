select c.mailbox
from counter c
left join indexed x on x.mailbox = c.mailbox
where c.seq - coalesce(x.upto, 0) > $1 or c.trimmed > x.buried
order by c.mailbox <= $2, c.mailbox
limit $3;

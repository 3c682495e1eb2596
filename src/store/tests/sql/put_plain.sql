select 1
from counter
where mailbox = $1 for update;

select part
from blob
where mailbox = $1 and hash = $2
order by part;

update blob b
set plain = p.plain
from unnest($3::int[], $4::text[]) as p (part, plain)
where b.mailbox = $1 and b.hash = $2 and b.part = p.part and b.plain is null
returning 1;

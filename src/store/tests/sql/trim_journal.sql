select max(seq)
from (select seq, at from journal where mailbox = $1 order by seq limit $3) oldest
where at < $2;

select upto, buried
from indexed
where mailbox = $1 and buried < $2 for update;

with mark as (
    update counter
    set trimmed = $2
    where mailbox = $1 and trimmed < $2
    returning 1
)
delete from journal using mark
where journal.mailbox = $1 and journal.seq <= $2
returning 1;

with upto as (
    select max(seq) as seq
    from (select seq, at from journal where mailbox = $1 order by seq limit $3) oldest
    where at < $2
),
mark as (
    update counter
    set trimmed = upto.seq
    from upto
    where counter.mailbox = $1 and counter.trimmed < upto.seq
    returning upto.seq
)
delete from journal using mark
where journal.mailbox = $1 and journal.seq <= mark.seq
returning 1;

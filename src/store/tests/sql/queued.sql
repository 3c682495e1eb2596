select mailbox, id, sender, recipients, submitted, attempts, next_at, last_error, holder is not null, (
    select coalesce(sum(length(data)), 0)::bigint
    from blob b
    where b.mailbox = o.mailbox and b.hash = o.mime
)
from outbox o
where id > $1
order by id
limit $2;

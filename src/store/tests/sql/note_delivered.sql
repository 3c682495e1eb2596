insert into delivered (mailbox, delivery)
select $1, d
from unnest($2::bytea[]) d
on conflict do nothing
returning 1;

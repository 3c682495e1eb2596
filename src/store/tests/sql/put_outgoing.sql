select 1
from counter
where mailbox = $1 for update;

insert into blob (mailbox, hash, part, data)
select $1, p.hash, p.part, p.data
from unnest($2::bytea[], $3::int[], $4::bytea[]) as p (hash, part, data)
on conflict (mailbox, hash, part) do update set touched = now()
where blob.touched < now() - interval '10 minutes';

insert into outbox (mailbox, sender, recipients, mime)
values ($1, $2, $3, $4)
returning id;

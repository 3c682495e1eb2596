select 1
from counter
where mailbox = $1 for update;

insert into blob (mailbox, hash, part, data, plain)
select $1, p.hash, p.part, p.data, p.plain
from unnest($2::bytea[], $3::int[], $4::bytea[], $5::text[]) as p (hash, part, data, plain)
on conflict (mailbox, hash, part) do update set touched = now(), plain = coalesce(blob.plain, excluded.plain)
where blob.touched < now() - interval '10 minutes' or (blob.plain is null and excluded.plain is not null);

insert into outbox (mailbox, sender, recipients, mime)
values ($1, $2, $3, $4)
returning id;

insert into indexed (mailbox, upto)
values ($1, 0)
on conflict do nothing;

select upto
from indexed
where mailbox = $1 for update skip locked;

select seq
from counter
where mailbox = $1;

select item, folder, associated, search, (
    select sum(coalesce(octet_length(b.plain), octet_length(b.data)))
    from blob b
    where b.mailbox = $1 and b.hash = i.body
)
from item i
where mailbox = $1 and item > $2 and item <= $3
order by item
limit $4;

select a.item, a.search
from attachment a
join item i on i.mailbox = $1 and i.item = a.item
where a.mailbox = $1 and a.item > $2 and a.item <= $3 and not i.associated and a.search is not null
order by a.item;

select coalesce(old_item, item)
from journal
where mailbox = $1 and seq > $2 and seq <= $3 and kind in (5, 7);

with put as (
    insert into word (mailbox, term, chunk, items)
    select $1, w.term, w.chunk, w.items
    from unnest($2::text[], $3::bigint[], $4::bytea[]) as w (term, chunk, items)
    on conflict (mailbox, term, chunk) do update set items = word.items || excluded.items
    returning term, octet_length(items) as octets
)
select distinct term
from put
where octets >= 2 * $5::bigint;

update indexed
set upto = $2
where mailbox = $1;

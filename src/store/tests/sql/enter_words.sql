select 1
from counter
where mailbox = $1 for update;

insert into indexed (mailbox, upto, buried)
select mailbox, 0, seq
from counter
where mailbox = $1
on conflict do nothing;

select upto, buried
from indexed
where mailbox = $1 for update skip locked;

select trimmed
from counter
where mailbox = $1;

delete from reword r
where r.mailbox = $1 and (
    r.item > $2 or not exists (select from item i where i.mailbox = $1 and i.item = r.item)
);

select seq
from counter
where mailbox = $1;

with gone as (
    delete from word
    where ctid = any(array(select ctid from word where mailbox = $1 limit $2))
    returning 1
)
select count(*)
from gone;

with gone as (
    delete from word_place
    where ctid = any(array(select ctid from word_place where mailbox = $1 limit $2))
    returning 1
)
select count(*)
from gone;

with gone as (
    delete from vocabulary
    where ctid = any(array(select ctid from vocabulary where mailbox = $1 limit $2))
    returning 1
)
select count(*)
from gone;

select item, folder, associated, search, (
    select sum(
        case when i.body_type = 1 and b.plain is not null then octet_length(b.plain) else octet_length(b.data)
            end
    )
    from blob b
    where b.mailbox = $1 and b.hash = i.body
), (
    select (
        case when i.body_type = 1 and b.plain is not null then b.plain else convert_from(
            case when position('\x00'::bytea in b.data) = 0 then b.data else decode(
                regexp_replace(encode(b.data, 'escape'), '(\\\\)|\\000', '\1', 'g'), 'escape'
            ) end, 'UTF8'
        ) end collate "default"
    )
    from blob b
    where b.mailbox = $1 and b.hash = i.body and b.part = 0 and (i.body_type is distinct from 1 or b.plain is not null)
        and octet_length(b.data) <= 65536 and coalesce(octet_length(b.plain), 0) <= 65536 and not exists (
        select
        from blob o
        where o.mailbox = $1 and o.hash = i.body and o.part = 1
    )
), subject, kind, subject is not null, coalesce(from_mailbox, sender) is not null or from_name is not null,
    coalesce(display_to, display_cc, display_bcc) is not null, jsonb_typeof(from_mailbox) is distinct from
    'object' or (
    sender is not null and (sender->>'name', sender->>'address') is distinct from (from_mailbox->>'name', from_mailbox->>'address')
) or (from_name is distinct from from_mailbox->>'name' and from_name is distinct from from_mailbox->>'address'),
    coalesce(strpos(subject, chr(775)) > 0, false), coalesce(strpos(from_mailbox::text, chr(775)) > 0, false),
    exists (
    select
    from blob b
    where b.mailbox = $1 and b.hash = i.body and (
        strpos(b.plain, chr(775)) > 0 or position(convert_to(chr(775), 'UTF8') in b.data) > 0
    )
)
from item i
where mailbox = $1 and item > $2 and item <= $3
order by item
limit $4;

select a.item, a.search, strpos(a.name, chr(775)) > 0
from attachment a
join item i on i.mailbox = $1 and i.item = a.item
where a.mailbox = $1 and a.item > $2 and a.item <= $3 and not i.associated
order by a.item;

select coalesce(old_item, item)
from journal
where mailbox = $1 and seq > $2 and seq <= $3 and kind in (5, 7) and not associated and coalesce(old_item, item)
    <= $4;

with put as (
    insert into word (mailbox, term, chunk, items)
    select $1, w.term, w.chunk, w.items
    from unnest($2::text[], $3::bigint[], $4::bytea[]) as w (term, chunk, items)
    on conflict (mailbox, term, chunk) do update set items = word.items || excluded.items
    returning term, octet_length(items) as octets, xmax = 0 as is_new
)
select p.term, max(p.octets) >= 2 * $5::bigint or exists (select from word_place o where o.mailbox = $1 and o.term = p.term),
    bool_and(p.is_new) and not exists (select from word o where o.mailbox = $1 and o.term = p.term)
from put p
group by p.term;

update indexed
set upto = $2, buried = $3
where mailbox = $1;

select x.renewals, lower('IİKΣ') = 'iikσ', array(
    select i.item
    from item i
    where i.mailbox = $1 and i.item > x.upto
    limit $2
), array(
    select r.item
    from reword r
    where r.mailbox = $1 and r.item <= x.upto
    limit $2
), array(
    select coalesce(old_item, item)
    from journal
    where mailbox = $1 and seq > x.buried and kind in (5, 7) and not associated and coalesce(old_item, item) <=
        x.upto
    limit $2
)
from indexed x
join counter c on c.mailbox = x.mailbox
where x.mailbox = $1 and x.upto > 0 and x.buried >= c.trimmed;

with w as materialized (
    select t.n, w.chunk, w.items
    from unnest($2::bigint[], $4::text[], $5::text[]) as t (n, first, after)
    join word w on w.mailbox = $1 and w.term >= t.first collate "C" and w.term < t.after collate "C"
    limit $3::bigint / 128 + 1
),
s as (
    select coalesce(sum(octet_length(w.items) + 128), 0) > $3 as is_much
    from w
)
select null::bigint, null::bigint, null::bytea
from s
where s.is_much
union all
select w.n, w.chunk, w.items
from w
where not (select s.is_much from s);

select v.terms
from vocabulary v
where v.mailbox = $1 and v.code = $2 and position($3::bytea in v.terms) > 0
order by v.block
limit $4;

select renewals
from indexed
where mailbox = $1;

select i.item
from (
    select i.*
    from unnest($3::bigint[]) w (item)
    join item i on i.mailbox = $1 and i.item = w.item offset 0
) i
where i.mailbox = $1 and i.folder = $4::bigint and cardinality($2::bigint[]) = 1 and not i.associated and (
    exists (
        select
        from (
            select (
                case when i.body_type = 1 and b.plain is not null then b.plain else convert_from(
                    case when position('\x00'::bytea in b.data) = 0 then b.data else decode(
                        regexp_replace(encode(b.data, 'escape'), '(\\\\)|\\000', '\1', 'g'), 'escape'
                    ) end, 'UTF8'
                ) end collate "default"
            ) as v
            from blob b
            where b.mailbox = i.mailbox and b.hash = i.body
        ) m
        where strpos(lower(m.v), lower($5::text)) > 0
    )
);

select i.item, i.folder, i.kind, i.change, i.flags, i.attachments, i.creator, count(*) over ()
from (
    select i.*
    from unnest($3::bigint[]) w (item)
    join item i on i.mailbox = $1 and i.item = w.item offset 0
) i
where i.mailbox = $1 and i.folder = $4::bigint and cardinality($2::bigint[]) = 1 and not i.associated
order by i.received desc, i.item desc
limit $5::bigint offset $6::bigint;

with found as materialized (
    select e.item, e.starts, e.ends, e.series
    from unnest($2::bigint[]) f (folder), generate_series(0, 31) s (span), lateral (
        select *
        from event e
        where e.mailbox = $1 and e.folder = f.folder and e.span = s.span and e.starts < $4 and e.ends >= $3 and
            e.starts >= case when s.span > 21 then '-infinity'::timestamptz else $3::timestamptz -
            make_interval(hours => (1 << s.span)) end
    ) e
)
select item, starts, nullif(ends, 'infinity'), series, 0::bigint
from (select * from found where series order by item limit $6) s
union all
select item, starts, nullif(ends, 'infinity'), series, (select count(*) from found where not series)
from (select * from found where not series order by starts, item limit $5) s;

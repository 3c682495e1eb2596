select e.item, e.starts, nullif(e.ends, 'infinity'), e.series
from unnest($2::bigint[]) f (folder), generate_series(0, 31) s (span), lateral (
    select *
    from event e
    where e.mailbox = $1 and e.folder = f.folder and e.span = s.span and e.starts < $4 and e.ends >= $3 and
        e.starts >= case when s.span > 21 then '-infinity'::timestamptz else $3::timestamptz - make_interval(hours => (1 << s.span))
        end
) e
order by e.starts, e.item;

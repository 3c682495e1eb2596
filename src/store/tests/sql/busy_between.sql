select item, starts, nullif(ends, 'infinity'), series, flags, sensitivity, subject, case when octets <= $8 then
    props end
from (
    select *, sum(octet_length(props::text)) over (order by starts, item) as octets
    from (
        select e.item, e.starts, e.ends, e.series, i.flags, i.sensitivity, i.subject, (
            select coalesce(
                jsonb_object_agg(
                    k, case when k = $6 then (
                        select jsonb_agg(
                            x - '{ext,body,props}'::text[] || jsonb_build_object(
                                'props', (
                                    select coalesce(jsonb_object_agg(k, x -> 'props' -> k), '{}')
                                    from unnest($5::text[]) k
                                    where x -> 'props' ? k
                                )
                            )
                        )
                        from jsonb_array_elements(i.props -> k) x
                    ) else i.props -> k end
                ), '{}'
            )
            from unnest($5::text[]) k
            where i.props ? k
        ) as props
        from (
            select e.*
            from (select $2::bigint as folder) f, generate_series(0, 31) s (span), lateral (
                select *
                from event e
                where e.mailbox = $1 and e.folder = f.folder and e.span = s.span and e.starts < $4 and e.ends >
                    $3 and e.starts >= case when s.span > 21 then '-infinity'::timestamptz else $3::timestamptz
                    - make_interval(hours => (1 << s.span)) end
            ) e
            order by e.starts, e.item
            limit $7
        ) e
        join item i on i.mailbox = $1 and i.item = e.item
    ) told
) sized
order by starts, item;

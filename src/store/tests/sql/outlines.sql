select i.item, (
    select coalesce(
        jsonb_object_agg(
            k, case when k = $4 then (
                select jsonb_agg(
                    x - '{ext,body,props}'::text[] || jsonb_build_object(
                        'props', (
                            select coalesce(jsonb_object_agg(k, x -> 'props' -> k), '{}')
                            from unnest($3::text[]) k
                            where x -> 'props' ? k
                        )
                    )
                )
                from jsonb_array_elements(i.props -> k) x
            ) else i.props -> k end
        ), '{}'
    )
    from unnest($3::text[]) k
    where i.props ? k
)
from item i
where i.mailbox = $1 and i.item = any($2);

select is_group, display_name, address
from (
    select false as is_group, a.display_name, p.address, a.account as place
    from account a
    join address p on p.account = a.account and p.is_primary
    where not a.disabled and (
        starts_with(a.login, lower($1)) or starts_with(lower(a.display_name), lower($1)) or strpos(lower(a.display_name), ' ' || lower($1))
            > 0 or exists (
            select
            from address x
            where x.account = a.account and starts_with(x.address, lower($1))
        )
    )
    union all
    select true, g.display_name, p.address, g.mail_group
    from mail_group g
    join address p on p.mail_group = g.mail_group
    where starts_with(lower(g.display_name), lower($1)) or strpos(lower(g.display_name), ' ' || lower($1)) > 0
        or starts_with(p.address, lower($1))
) found
order by lower(display_name) collate ewsd_order, is_group, place
limit $2;

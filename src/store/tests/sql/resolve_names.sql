select a.account, a.mailbox, m.guid, a.display_name, p.address
from account a
join mailbox m on m.mailbox = a.mailbox
join address p on p.account = a.account and p.is_primary
where not a.disabled and (
    starts_with(a.login, lower($1)) or starts_with(lower(a.display_name), lower($1)) or strpos(lower(a.display_name), ' ' || lower($1))
        > 0 or exists (
        select
        from address x
        where x.account = a.account and starts_with(x.address, lower($1))
    )
)
order by lower(a.display_name) collate ewsd_order, a.account
limit $2;

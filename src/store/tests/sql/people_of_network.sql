select n.name, p.account
from (
    select account
    from login_place
    where network = $1
    group by account
    order by max(last) desc
    limit $2
) p, lateral (
    select login as name
    from account
    where account = p.account
    union
    select address
    from address
    where account = p.account
) n;

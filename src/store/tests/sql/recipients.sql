select w.address, a.account, a.mailbox, p.address, a.display_name, a.disabled, m.quota_bytes, m.resource is not
    null
from (select distinct lower(x) as address from unnest($1::text[]) x) w
join address w2 on w2.address = w.address
join account a on a.account = w2.account
join mailbox m on m.mailbox = a.mailbox
join address p on p.account = a.account and p.is_primary;

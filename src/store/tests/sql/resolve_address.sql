select a.account, a.mailbox, m.guid, a.display_name, p.address
from address x
join account a on a.account = x.account
join mailbox m on m.mailbox = a.mailbox
join address p on p.account = a.account and p.is_primary
where not a.disabled and x.address = lower($1)
limit $2;

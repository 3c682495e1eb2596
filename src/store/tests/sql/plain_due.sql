select mailbox
from plain_due
order by mailbox
limit $1;

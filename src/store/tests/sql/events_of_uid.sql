select item, folder
from event
where mailbox = $1 and uid = $2
order by item desc;

select coalesce(sum(bytes), 0)::bigint
from folder
where mailbox = $1;

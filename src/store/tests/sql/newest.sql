select seq
from counter
where mailbox = $1;

select folder, parent
from journal
where mailbox = $1 and folder = any($2) and kind = 19 and parent is not null;

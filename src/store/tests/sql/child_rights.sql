select parent, coalesce(props -> 'PermissionSet', '[]'::jsonb)
from folder
where mailbox = $1 and parent = any($2);

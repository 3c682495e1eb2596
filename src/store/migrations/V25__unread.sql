-- Mail that no converter could read (bit UNREADABLE), which is tried again by later versions and by `ewsctl mailbox reconvert`.
create index item_unread on item (mailbox, item) where flags & 8192 <> 0;

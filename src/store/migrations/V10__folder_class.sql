-- The upper folders have no class: clients took "Top of Information Store" for a mail folder. And mailboxes get the folders
-- below the root that MAPI clients keep views, reminders and the like in, hidden. Both are changes that clients hear of.
do $$
declare
    box record;
    one record;
    next bigint;
begin
    for box in
        select c.mailbox, r.folder as root, t.folder as top, t.class <> '' as classed
        from counter c
        join folder r on r.mailbox = c.mailbox and r.distinguished = 'root'
        join folder t on t.mailbox = c.mailbox and t.distinguished = 'msgfolderroot'
        order by c.mailbox
    loop
        if box.classed then
            update counter set seq = seq + 1 where mailbox = box.mailbox returning seq into next;
            update folder set class = '', change = next, modified = now() where mailbox = box.mailbox and folder = box.top;
            insert into journal (mailbox, seq, kind, folder, parent) values (box.mailbox, next, 17, box.top, box.root);
        end if;
        for one in
            select * from (values
                ('commonviews', 16, '', 'Common Views'),
                ('deferredaction', 16, '', 'Deferred Action'),
                ('freebusydata', 16, '', 'Freebusy Data'),
                ('mailboxassociations', 16, '', 'MailboxAssociations'),
                ('reminders', 19, 'Outlook.Reminder', 'Reminders'),
                ('schedule', 16, '', 'Schedule'),
                ('sharing', 16, 'IPF.Note', 'Sharing'),
                ('shortcuts', 16, '', 'Shortcuts'),
                ('spoolerqueue', 16, '', 'Spooler Queue'),
                ('views', 16, '', 'Views')
            ) as w (distinguished, kind, class, name)
            -- A client may have made one of that name: it is the folder then.
            where not exists (
                select from folder o where o.mailbox = box.mailbox and o.parent = box.root and lower(o.name) = lower(w.name)
            )
        loop
            update counter set seq = seq + 1 where mailbox = box.mailbox returning seq into next;
            insert into folder (mailbox, folder, parent, kind, class, name, distinguished, change, hidden)
                values (box.mailbox, next, box.root, one.kind, one.class, one.name, one.distinguished, next, true);
            update folder set change = next where mailbox = box.mailbox and folder = box.root;
            insert into journal (mailbox, seq, kind, folder, parent) values (box.mailbox, next, 16, next, box.root);
        end loop;
    end loop;
end
$$;

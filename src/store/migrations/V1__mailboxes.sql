-- Every table that belongs to a mailbox has the mailbox first in its key, so that mailboxes can be spread over servers.
-- Numbers of folders and items come from the mailbox's counter (see store/src/journal.rs).

-- Sorting of names and subjects: by the rules of Unicode where the server has ICU, bytewise otherwise.
do $$
begin
    create collation ewsd_order (provider = icu, locale = 'und');
exception when others then
    create collation ewsd_order from "C";
end
$$;

create table mailbox (
    mailbox     bigint generated always as identity primary key,
    guid        uuid not null unique default gen_random_uuid(),
    language    text not null default 'en',
    -- Sum of item sizes that mail may fill; null: as the server is set, 0: no limit.
    quota_bytes bigint,
    created     timestamptz not null default now()
);

create table account (
    account      bigint generated always as identity primary key,
    login        text not null unique check (login = lower(login) and login <> ''),
    -- PHC string; null: no password opens the account.
    password     text,
    disabled     boolean not null default false,
    mailbox      bigint not null references mailbox,
    display_name text not null default '',
    created      timestamptz not null default now()
);
create unique index account_mailbox on account (mailbox);

create table address (
    address    text primary key check (address = lower(address) and address <> ''),
    account    bigint not null references account on delete cascade,
    is_primary boolean not null default false
);
create index address_account on address (account);
create unique index address_primary on address (account) where is_primary;

-- The row whose lock orders all changes of a mailbox: commit order is number order.
create table counter (
    mailbox    bigint primary key references mailbox on delete cascade,
    seq        bigint not null default 0,
    -- Attachments are numbered apart: they have no journal rows of their own, and the journal has no gap.
    attachment bigint not null default 0,
    -- Journal rows up to this number are gone.
    trimmed    bigint not null default 0
) with (fillfactor = 25);

create table folder (
    mailbox       bigint not null references mailbox on delete cascade,
    folder        bigint not null,
    parent        bigint,
    kind          smallint not null,
    class         text not null,
    name          text not null,
    distinguished text,
    change        bigint not null,
    created       timestamptz not null default now(),
    modified      timestamptz not null default now(),
    -- Maintained with every change of an item; associated items are in bytes only.
    total         bigint not null default 0,
    unread        bigint not null default 0,
    bytes         bigint not null default 0,
    hidden        boolean not null default false,
    props         jsonb not null default '{}',
    ext           jsonb not null default '{}',
    primary key (mailbox, folder)
) with (fillfactor = 50);
create unique index folder_name on folder (mailbox, parent, lower(name));
create unique index folder_distinguished on folder (mailbox, distinguished) where distinguished is not null;

create table item (
    mailbox       bigint not null,
    item          bigint not null,
    folder        bigint not null,
    kind          smallint not null,
    class         text not null,
    change        bigint not null,
    flags         integer not null default 0,
    attachments   integer not null default 0,
    created       timestamptz not null default now(),
    modified      timestamptz not null default now(),
    received      timestamptz not null default now(),
    sent          timestamptz,
    size          bigint not null default 0,
    importance    smallint not null default 1,
    sensitivity   smallint not null default 0,
    icon_index    integer,
    body_type     smallint,
    flag_status   smallint,
    flag_start    timestamptz,
    flag_due      timestamptz,
    flag_complete timestamptz,
    reminder_due  timestamptz,
    subject       text,
    modified_by   text,
    from_name     text,
    from_mailbox  jsonb,
    sender        jsonb,
    display_to    text,
    display_cc    text,
    display_bcc   text,
    message_id    text,
    in_reply_to   text,
    refs          text,
    conversation  bytea,
    topic         text,
    conv_index    bytea,
    culture       text,
    categories    text[],
    preview       text,
    body          bytea,
    mime          bytea,
    props         jsonb not null default '{}',
    ext           jsonb not null default '{}',
    -- Words of the message. No GIN index: a thousand words cost half a millisecond to enter, as much as all the rest of
    -- an insert, and words frequent on the server would be looked up for all mailboxes. A folder is searched at 10 us an item.
    search        tsvector,
    -- No foreign key to folder: its row locks would cost more than the insert. The writing statements see to it.
    primary key (mailbox, item)
) with (fillfactor = 85);
create index item_received on item (mailbox, folder, received desc, item desc);
create index item_folder on item (mailbox, folder, item);
create index item_message_id on item (mailbox, message_id) where message_id is not null;
create index item_conversation on item (mailbox, conversation) where conversation is not null;

create table attachment (
    mailbox      bigint not null,
    attachment   bigint not null,
    item         bigint not null,
    -- 0 file, 1 item (its content is the message as MIME)
    kind         smallint not null default 0,
    name         text not null default '',
    content_type text,
    content_id   text,
    content_location text,
    size         bigint not null default 0,
    modified     timestamptz not null default now(),
    is_inline    boolean not null default false,
    content      bytea not null,
    props        jsonb not null default '{}',
    primary key (mailbox, attachment),
    foreign key (mailbox, item) references item on update cascade on delete cascade
);
create index attachment_item on attachment (mailbox, item, attachment);

-- Contents by their SHA-256, once per mailbox, in parts of at most 1 MiB.
create table blob (
    mailbox bigint not null,
    hash    bytea not null,
    part    integer not null,
    data    bytea not null,
    -- A content that nobody names is collected some time after this.
    touched timestamptz not null default now(),
    primary key (mailbox, hash, part)
);

create table journal (
    mailbox    bigint not null,
    seq        bigint not null,
    at         timestamptz not null default now(),
    kind       smallint not null,
    -- Null for changes of folders.
    item       bigint,
    folder     bigint not null,
    old_item   bigint,
    old_folder bigint,
    -- Of a folder change: the folder's parent after it (of a deletion: before it).
    parent     bigint,
    associated boolean not null default false,
    -- Folder counters were changed by it as well.
    counts     boolean not null default false,
    primary key (mailbox, seq)
);
create index journal_folder on journal (mailbox, folder, seq);
create index journal_old_folder on journal (mailbox, old_folder, seq) where old_folder is not null;

create table subscription (
    mailbox  bigint not null references mailbox on delete cascade,
    id       uuid not null default gen_random_uuid(),
    account  bigint not null references account on delete cascade,
    -- 0 pull, 1 streaming, 2 push
    kind     smallint not null,
    -- Null: all folders.
    folders  bigint[],
    events   integer not null,
    -- The journal's number when it was made.
    since    bigint not null,
    timeout  integer not null,
    -- Without a call it is gone at this time: timeout seconds after the last one.
    ends     timestamptz not null,
    details  jsonb not null default '{}',
    primary key (mailbox, id)
);
create index subscription_account on subscription (account);
create index subscription_ends on subscription (ends);

create table outbox (
    mailbox    bigint not null references mailbox on delete cascade,
    id         bigint generated always as identity,
    sender     text not null,
    recipients text[] not null,
    mime       bytea not null,
    submitted  timestamptz not null default now(),
    attempts   integer not null default 0,
    next_at    timestamptz not null default now(),
    last_error text,
    primary key (mailbox, id)
);
create index outbox_due on outbox (next_at);

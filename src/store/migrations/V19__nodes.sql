-- The nodes that serve this database. A row is true for as long as its herald's session holds the advisory lock of that number.
create table node (
    node     integer primary key,
    -- The start of the server that it belongs to: of two heralds that stand in for each other it is the same.
    instance bigint not null,
    host     text not null,
    -- Of the master.
    pid      integer not null,
    since    timestamptz not null default now(),
    -- The last question of what it does, and what it answered.
    asked    bigint,
    said     jsonb
);

-- Grows whenever something changes by which people come in or are known: nodes then forget what they remember of accounts. One row.
create table directory_epoch (
    one   boolean primary key default true check (one),
    epoch bigint not null default 1
);
insert into directory_epoch default values;

-- NOTIFY inside of a change makes its commit wait for all others that do the same, which is why changes of mailboxes go without
-- (their heralds do it for them). Accounts change seldom, and what changes them need not be a program of ours.
create function directory_changed() returns trigger language plpgsql as $$
begin
    update directory_epoch set epoch = epoch + 1;
    perform pg_notify('ewsd', 'd');
    return null;
end
$$;

-- Not what is counted of an account (sent, sent_hour).
create trigger account_changed after delete or update of login, password, disabled, display_name on account
    for each statement execute function directory_changed();
create trigger address_changed after insert or delete or update on address
    for each statement execute function directory_changed();
create trigger secret_changed after delete or update on account_secret
    for each statement execute function directory_changed();
create trigger mailbox_changed after update of language, quota_bytes on mailbox
    for each statement execute function directory_changed();

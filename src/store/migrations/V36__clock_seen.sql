-- What the clock said when it was last looked at by whoever throws away what is old, and since when it has gone evenly
-- after it jumped; null: it is believed. The first to look makes the row.
create table clock_seen (
    one   boolean     primary key default true check (one),
    at    timestamptz not null,
    since timestamptz
);

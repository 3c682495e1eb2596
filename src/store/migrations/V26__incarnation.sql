-- Which database this is, as the server itself would say: another one after a restore or when a standby has taken over.
create table incarnation (
    one      boolean primary key default true check (one),
    -- Null: nobody has looked yet.
    identity text,
    number   bigint not null default 1,
    since    timestamptz not null default now()
);
insert into incarnation default values;

-- Numbers of a mailbox that the database which is lost may have given, and this one never gives: those between the two.
create table lost (
    mailbox  bigint not null references mailbox on delete cascade,
    -- The last number that survived.
    survived bigint not null,
    -- What comes next is above it.
    resumed  bigint not null,
    primary key (mailbox, survived)
);

-- What a push subscription needs besides: how its subscriber is called, when, and who does it now. How far it was told lies in the
-- subscription's row. The change of a mailbox makes it due as well; see src/store/src/push.rs.
create table push (
    mailbox      bigint not null,
    id           uuid not null,
    url          text not null,
    -- Seconds of quiet after which a StatusEvent is sent; retries come no later than that after the first failure.
    frequency    integer not null,
    caller_data  text,
    -- The next call that no change asks for.
    due          timestamptz not null default now(),
    failures     integer not null default 0,
    first_failed timestamptz,
    -- The courier that calls now, and until when it may.
    holder       integer,
    lease        timestamptz,
    primary key (mailbox, id),
    foreign key (mailbox, id) references subscription on delete cascade
);
create index push_due on push (due);
create index push_holder on push (holder) where holder is not null;

-- Members of a group who have a message that other members are still to get: the sender tries again for all of them.
create table delivered (
    mailbox  bigint not null references mailbox on delete cascade,
    -- Which message to which group.
    delivery bytea not null,
    at       timestamptz not null default now(),
    primary key (mailbox, delivery)
);

-- When calendar items and meeting messages take place, of a series from its first to its last instance. The documents of the items
-- stay what is shown. `span` is the class of the length: less than 2^span hours; 31 has no end. A look at a time goes through one
-- range of the index for each class.
create table event (
    mailbox bigint not null,
    item    bigint not null,
    folder  bigint not null,
    starts  timestamptz not null,
    ends    timestamptz not null,
    span    smallint not null,
    series  boolean not null,
    -- The first 16 octets of the SHA-256 of calendar:UID.
    uid     bytea not null,
    primary key (mailbox, item),
    foreign key (mailbox, item) references item on update cascade on delete cascade
);
create index event_time on event (mailbox, folder, span, starts) include (ends, series);
create index event_uid on event (mailbox, uid);

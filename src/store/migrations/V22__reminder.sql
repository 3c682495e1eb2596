-- When people are to be reminded of calendar items and tasks: the member ReminderNextTime of the item's document, of a series the
-- reminder of the occurrence that comes next.
create table reminder (
    mailbox bigint not null,
    item    bigint not null,
    at      timestamptz not null,
    primary key (mailbox, item),
    foreign key (mailbox, item) references item on update cascade on delete cascade
);
create index reminder_at on reminder (mailbox, at);

-- Series that go on at a time.
create index event_series on event (mailbox, ends) where series;

insert into reminder (mailbox, item, at)
select mailbox, item, (props ->> 'ReminderNextTime')::timestamptz from item where props ? 'ReminderNextTime';

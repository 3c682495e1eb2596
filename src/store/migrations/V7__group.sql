-- Groups of the directory: an address whose mail its members get. Addresses of accounts and groups are in one table, so that
-- none belongs to two.
create table mail_group (
    mail_group   bigint generated always as identity primary key,
    display_name text not null default '',
    created      timestamptz not null default now()
);

alter table address alter column account drop not null;
alter table address add column mail_group bigint references mail_group on delete cascade;
alter table address add constraint address_whose check (num_nonnulls(account, mail_group) = 1);
create unique index address_mail_group on address (mail_group) where mail_group is not null;

create table group_member (
    mail_group  bigint not null references mail_group on delete cascade,
    -- One of the two: an account, or a group in the group.
    account     bigint references account on delete cascade,
    inner_group bigint references mail_group on delete cascade,
    check (num_nonnulls(account, inner_group) = 1)
);
create unique index group_member_account on group_member (mail_group, account) where account is not null;
create unique index group_member_group on group_member (mail_group, inner_group) where inner_group is not null;
create index group_member_of_account on group_member (account) where account is not null;
create index group_member_of_group on group_member (inner_group) where inner_group is not null;

-- From where people came in, and by which scheme, for administrators who ask. Kept for auth.login_days.
create table login_place (
    account bigint not null references account on delete cascade,
    -- An IPv4 address, or the 64 bits of an IPv6 one with /64.
    network text not null,
    scheme  text not null,
    -- To an hour: whoever comes in all day is not written down all day.
    last    timestamptz not null default now(),
    primary key (account, network, scheme)
);

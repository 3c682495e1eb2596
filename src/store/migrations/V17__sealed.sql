-- What schemes other than Basic need of a password, enciphered under a key that is not in the database: by the kind of secret.
create table account_secret (
    account bigint not null references account on delete cascade,
    kind smallint not null,
    sealed bytea not null,
    primary key (account, kind)
);

-- Who may act as whom (ExchangeImpersonation). Neither account nor group: as everybody.
create table impersonation (
    grantee    bigint not null references account on delete cascade,
    account    bigint references account on delete cascade,
    mail_group bigint references mail_group on delete cascade,
    check (num_nonnulls(account, mail_group) <= 1)
);
create unique index impersonation_scope on impersonation (grantee, coalesce(account, 0), coalesce(mail_group, 0));
create index impersonation_of_account on impersonation (account) where account is not null;
create index impersonation_of_group on impersonation (mail_group) where mail_group is not null;

with m as (
    insert into mailbox (language, quota_bytes)
    values ($1, $2::bigint)
    returning mailbox
),
c as (insert into counter (mailbox) select mailbox from m)
insert into account (login, display_name, password, mailbox)
select lower($3), $4, $5, mailbox
from m
returning account, mailbox;

select a.account, a.mailbox, m.guid, a.login, a.display_name, a.disabled, a.password, m.language, m.quota_bytes,
    m.zone, m.working_hours, m.resource, m.booking, m.exempt, (
    select p.address
    from address p
    where p.account = a.account and p.is_primary
)
from account a
join mailbox m on m.mailbox = a.mailbox
where a.account = $1;

update address
set is_primary = false
where account = $1 and is_primary;

insert into address (address, account, is_primary)
select lower($2), $1, $3 or not exists (select from address where account = $1 and is_primary)
on conflict (address) do update set is_primary = address.is_primary or excluded.is_primary
where address.account = $1
returning 1;

with source as (
    select *
    from unnest($2::bigint[], $3::smallint[], $4::text[], $5::text[], $6::text[], $7::bool[]) with ordinality
        as w (parent, kind, class, name, distinguished, hidden, n)
),
taken as (
    update counter
    set seq = seq + (select count(*) from source), attachment = attachment + 0, hour = floor(extract(epoch from now()) / 3600)::int,
        hourly = case when hour = floor(extract(epoch from now()) / 3600)::int then hourly else 0 end + (select count(*) from source)
    where mailbox = $1 and true
    returning seq, seq - (select count(*) from source) as base, attachment
),
made as (
    insert into folder (mailbox, folder, change, parent, kind, class, name, distinguished, hidden)
    select $1, taken.base + n, taken.base + n, case when parent > 0 then taken.base + parent end, kind, class,
        name, distinguished, hidden
    from taken, source
    returning folder, parent
),
journalled as (
    insert into journal (
        mailbox, seq, kind, item, folder, old_item, old_folder, parent, associated, counts, rights
    )
    select $1, taken.base + source.n, 16, null, made.folder, null, null, made.parent, false, false, null
    from taken
    cross join source
    left join made on made.folder = taken.base + source.n
)
select taken.seq
from taken;

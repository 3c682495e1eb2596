-- What contacts and distribution lists are searched and sorted by: a row for each text (`Surname`, `EmailAddresses/EmailAddress1`,
-- `PhysicalAddresses/Home/City`), and of a display name for its later words (`DisplayName/2`). The documents of the items stay what is shown.

-- A text as it is searched: without case and accents. No longer than an entry of a B-tree may be; whoever compares whole texts
-- compares `text` as well.
create function ewsd_fold(text) returns text immutable strict parallel safe language sql
    return left(lower(regexp_replace(normalize($1, NFKD), '[\u0300-\u036f]', '', 'g')), 200);

create table contact (
    mailbox bigint not null,
    item    bigint not null,
    key     text not null,
    text    text not null,
    folded  text not null generated always as (ewsd_fold(text)) stored,
    primary key (mailbox, item, key),
    foreign key (mailbox, item) references item on update cascade on delete cascade
);
create index contact_folded on contact (mailbox, folded text_pattern_ops);

-- Kinds 3 and 4 are contacts and lists. Addresses were texts until now; postal addresses could not be given.
insert into contact (mailbox, item, key, text)
select mailbox, item, m.key, m.value #>> '{}'
from item, lateral jsonb_each(props) m
where kind in (3, 4) and jsonb_typeof(m.value) = 'string' and m.value #>> '{}' !~ '^\s*$'
  and m.key in ('FileAs', 'DisplayName', 'GivenName', 'Initials', 'MiddleName', 'Nickname', 'CompanyName', 'AssistantName',
    'BusinessHomePage', 'Department', 'Generation', 'JobTitle', 'Manager', 'Mileage', 'OfficeLocation', 'Profession',
    'SpouseName', 'Surname');
insert into contact (mailbox, item, key, text)
select mailbox, item, d.name || '/' || (e.value ->> 0), max(e.value ->> 1)
from item, lateral (values ('EmailAddresses'), ('PhoneNumbers'), ('ImAddresses')) d (name),
    lateral jsonb_array_elements(case jsonb_typeof(props -> d.name) when 'array' then props -> d.name else '[]' end) e
where kind = 3 and jsonb_typeof(e.value -> 1) = 'string' and e.value ->> 1 !~ '^\s*$'
group by 1, 2, 3;
insert into contact (mailbox, item, key, text)
select c.mailbox, c.item, 'DisplayName/' || w.n, w.word
from contact c, lateral regexp_split_to_table(btrim(c.text), '\s+') with ordinality w (word, n)
where c.key = 'DisplayName' and w.n between 2 and 9;

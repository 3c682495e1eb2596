-- By its MAPI name a client may write any integer: it is kept as it came, where the field has no word for it too.
alter table item
    alter column importance type integer,
    alter column sensitivity type integer,
    alter column flag_status type integer;

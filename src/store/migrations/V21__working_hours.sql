-- When the owner of a mailbox works, as people write it (mo-fr 8:00-17:00), and in which zone, as Windows or the tz database call
-- it. Null: as the server is set.
alter table mailbox
    add column zone          text,
    add column working_hours text;

-- Which courier is sending a message now: the number under which it holds an advisory lock. Null: nobody.
alter table outbox add column holder integer;
create index outbox_holder on outbox (holder) where holder is not null;

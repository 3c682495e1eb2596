delete from address
where address = lower($1) and account is not null
returning account;

update address
set is_primary = true
where address = (select min(address) from address where account = $1) and not exists (select from address where account = $1 and is_primary);

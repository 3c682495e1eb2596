delete from login_place
where last < $1
returning 1;

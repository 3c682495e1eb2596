delete from delivered
where at < $1
returning 1;

delete from subscription
where ends < $1
returning 1;

select now(), c.at, c.since
from (select) nothing
left join clock_seen c on true;

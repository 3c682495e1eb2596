select network, scheme, last
from login_place
where account = $1
order by last desc, network, scheme
limit $2;

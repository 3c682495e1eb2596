select extract(epoch from due - now())::float8
from token_keys
where url = $1;

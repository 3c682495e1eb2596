select document
from token_keys
where url = $1;

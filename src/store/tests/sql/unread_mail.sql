select mailbox, item
from item
where unreadable and (mailbox, item) > ($1, $2) and mailbox <= $3 and case jsonb_typeof(props -> 'GaveUp') when
    'number' then (props ->> 'GaveUp')::numeric < $4::bigint else true end
order by mailbox, item
limit $5;

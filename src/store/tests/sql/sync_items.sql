select c.seq, case when exists (
    select
    from lost l
    where l.mailbox = $1 and $3 > l.survived and $3 < l.resumed
) then 9223372036854775807 else c.trimmed end, r.item, r.place, r.only_read, r.gone, i.item is not null as
    there, i.kind, i.change, i.flags
from counter c
left join lateral (
    select w.item, max(w.place) as place, bool_and(w.kind = 4) as only_read, bool_or(w.went) as gone
    from (
        select item, seq * 2 + 1 as place, kind, kind = 7 as went
        from journal
        where mailbox = $1 and folder = $2 and seq > $3 and seq <= least($4, c.seq) and item is not null and (not associated or $6)
        union all
        select old_item, seq * 2, kind, true
        from journal
        where mailbox = $1 and old_folder = $2 and seq > $3 and seq <= least($4, c.seq) and kind = 5 and (not associated or $6)
    ) w
    group by w.item
    having max(w.place) > $5 and (w.item <= $3 or not bool_or(w.went))
    order by max(w.place)
    limit $7
) r on true
left join item i on i.mailbox = $1 and i.item = r.item
where c.mailbox = $1
order by r.place;

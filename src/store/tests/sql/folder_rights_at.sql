select *
from (
    select w.folder, coalesce(
        (
            select j.rights
            from journal j
            where j.mailbox = $1 and j.folder = w.folder and j.seq > $3 and j.rights is not null
            order by j.seq
            limit 1
        ), (
            select coalesce(o.props -> 'PermissionSet', '[]'::jsonb)
            from folder o
            where o.mailbox = $1 and o.folder = w.folder
        )
    ) as rights
    from unnest($2::bigint[]) as w (folder)
) known
where rights is not null;

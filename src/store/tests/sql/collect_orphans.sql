with orphan as (
    select hash
    from blob
    where mailbox = $1 and touched < $2
    except (
        select body
        from item
        where mailbox = $1 and body is not null
        union all
        select mime
        from item
        where mailbox = $1 and mime is not null
        union all
        select content
        from attachment
        where mailbox = $1
        union all
        select mime
        from outbox
        where mailbox = $1
    )
    limit $3
)
delete from blob using orphan
where blob.mailbox = $1 and blob.hash = orphan.hash and blob.touched < $2
returning blob.part;

-- A Message-ID is as long as its writer likes, an entry of a B-tree some 2,700 octets at most: the index holds a digest, and the
-- text itself is compared as well (store/src/query/build.rs writes the same expression). `decode` makes octets of a text in an
-- immutable way, which `convert_to` is not; md5 is refused where PostgreSQL runs under FIPS.
drop index item_message_id;
create index item_message_id on item
    (mailbox, substring(sha256(decode(replace(message_id, '\', '\\'), 'escape')) for 16))
    where message_id is not null;

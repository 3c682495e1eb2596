-- An attached item is kept whole, in the form of store/src/attached.rs, and written as MIME where that is asked for: MIME has
-- no word for most of its properties. What was attached as MIME (kind 1) stays so.
comment on column attachment.kind is '0 file, 1 message as it came (RFC 5322), 2 item with all its properties';

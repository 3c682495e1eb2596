-- Words have positions and places (store/src/search.rs). What was stored before has neither: its words count as the body's, at
-- the last position that there is, and author, subject and recipients are entered once more.
alter table attachment add column search tsvector;
update attachment
    set search = setweight(to_tsvector('simple', regexp_replace(name, '[^[:alnum:]]+', ' ', 'g')), 'A');
update item
    set search =
        setweight(to_tsvector('simple', regexp_replace(concat_ws(' ', from_name, from_mailbox->>'address'), '[^[:alnum:]]+', ' ', 'g')), 'A')
        || setweight(to_tsvector('simple', regexp_replace(coalesce(subject, ''), '[^[:alnum:]]+', ' ', 'g')), 'B')
        || setweight(to_tsvector('simple', regexp_replace(concat_ws(' ', display_to, display_cc, display_bcc), '[^[:alnum:]]+', ' ', 'g')), 'C')
        || regexp_replace(search::text, '''( |$)', ''':16383\1', 'g')::tsvector
    where search is not null;

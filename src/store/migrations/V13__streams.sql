-- The connection that reads the subscription as a stream, or was the last to: a number of its own. A second one takes its place.
alter table subscription add column stream bigint;
-- How far its reader was told, where the reader keeps no watermark itself: the number of a change, and how many events of that
-- change (255: all). Null: since it was made.
alter table subscription add column told bigint;
alter table subscription add column told_events smallint;

-- Between these two places of the journal is nothing that the subscription tells of: who comes again with a watermark between
-- them is not made to wait while it is read anew.
alter table subscription add column quiet_from bigint;
alter table subscription add column quiet_upto bigint;

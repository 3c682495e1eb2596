//! The only SQL: migrations, mailboxes, folders, items, blobs, journal, directory, subscriptions

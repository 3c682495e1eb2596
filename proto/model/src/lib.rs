//! What a mailbox is: property table, operations, response codes, ids, rights

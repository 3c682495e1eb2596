//! Everything that thinks: authentication, operations, delivery

//! Every limit on what a request may contain. The size of the whole request is the HTTP side's.

/// Elements inside each other. Above what 255 nested restriction nodes need, far below what a stack takes.
pub const DEPTH: u32 = 400;

/// Elements of one request.
pub const ELEMENTS: u32 = 1_000_000;

/// SOAP headers of one request.
pub const HEADERS: usize = 64;

/// Response messages that one request may ask for: the answer is many times larger than the question.
pub const MESSAGES: usize = 10_000;

/// Attributes of one element, namespace declarations included.
pub const ATTRIBUTES: usize = 64;

/// Octets of one start tag beyond which its attributes are counted before they are looked at.
pub const TAG_BYTES: usize = 512;

/// Octets of the largest attribute value.
pub const ATTRIBUTE_BYTES: usize = 64 * 1024;

/// Namespace declarations in scope at once.
pub const NAMESPACES: usize = 64;

/// Nodes of one restriction (ErrorRestrictionTooLong above it).
pub const RESTRICTION_NODES: u32 = 255;

/// Items attached inside each other in one request (MS-OXWSATT).
pub const NESTED_ATTACHMENTS: u32 = 10;

/// Changes that one SyncFolderItems may ask for (MaxSyncChangesReturnedType).
pub const SYNC_CHANGES: std::ops::RangeInclusive<i32> = 1..=512;

/// Minutes of a pull subscription's timeout and of a push subscription's status frequency.
pub const SUBSCRIPTION_MINUTES: std::ops::RangeInclusive<i32> = 1..=1440;

/// Minutes that a streaming connection may ask for.
pub const STREAMING_MINUTES: std::ops::RangeInclusive<i32> = 1..=30;

/// Periods, groups of transitions and transitions that one definition of a time zone may have of each.
pub const TIME_ZONE_MEMBERS: usize = 200;

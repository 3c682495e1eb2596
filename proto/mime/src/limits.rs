//! How much of a message is taken apart: budgets of work. Nothing is refused over one: what is beyond stays in the octets, and
//! a flag says that it is there.

/// Budgets for one message. The defaults are what the big mail servers let pass (postfix: 100 KB of a field, 10,240 address
/// tokens, 100 levels) or well above what people send: heads of real mail have at most some 200 fields and 60 KB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets of one head that become fields; where the head ends is found all the same.
    pub head_octets: usize,
    /// Fields of one head.
    pub fields: usize,
    /// Fields of all heads of a message; beyond that the first few of each are read, so that every part has its type.
    pub all_fields: usize,
    /// Octets of one field's value that are read.
    pub field_octets: usize,
    /// Mailboxes of one kind of field of a head.
    pub addresses: usize,
    /// Message ids of one field.
    pub ids: usize,
    /// Parts of a message, multiparts included.
    pub parts: usize,
    /// Multiparts within multiparts; a deeper one is a part whose octets are not taken apart.
    pub nesting: usize,
    /// Parameters of one field, pieces counted (RFC 2231).
    pub parameters: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            head_octets: 256 * 1024,
            fields: 1_000,
            all_fields: 100_000,
            field_octets: 100 * 1024,
            addresses: 10_240,
            ids: 2_000,
            parts: 2_000,
            nesting: 100,
            parameters: 500,
        }
    }
}

/// What was more than its budget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exceeded {
    /// A head's octets, its fields, or one of them: [`Limits::head_octets`], [`Limits::fields`], [`Limits::field_octets`].
    pub head: bool,
    pub parts: bool,
    pub nesting: bool,
    pub parameters: bool,
}

impl Exceeded {
    pub fn any(self) -> bool {
        self.head || self.parts || self.nesting || self.parameters
    }
}

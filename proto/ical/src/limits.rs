//! How much of a text is taken apart: budgets of work and memory. A text that is over one is refused as a whole, for half a
//! calendar is another calendar.

use std::fmt;

/// Budgets of one text. RFC 5545 sets none; the defaults are well above what programs write (a line of 75 octets, some 30
/// properties of an event, ten parameters).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets of the text.
    pub octets: usize,
    /// Components of all kinds.
    pub components: usize,
    /// Properties of all components.
    pub properties: usize,
    /// Parameters of one property; each member of a list counts.
    pub parameters: usize,
    /// Octets of one parameter's value.
    pub parameter_octets: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { octets: 4 << 20, components: 20_000, properties: 200_000, parameters: 500, parameter_octets: 8 * 1024 }
    }
}

impl Limits {
    /// The same for texts of so many octets: what is counted grows with them, but is never less than the default.
    pub fn of_octets(octets: usize) -> Limits {
        let usual = Limits::default();
        let times = octets.div_ceil(usual.octets).max(1);
        Limits {
            octets,
            components: usual.components.saturating_mul(times),
            properties: usual.properties.saturating_mul(times),
            ..usual
        }
    }
}

/// Which budget was used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    Octets,
    Components,
    Properties,
    Parameters,
    ParameterOctets,
}

impl fmt::Display for Over {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Over::Octets => "octets",
            Over::Components => "components",
            Over::Properties => "properties",
            Over::Parameters => "parameters of a property",
            Over::ParameterOctets => "octets of a parameter",
        })
    }
}

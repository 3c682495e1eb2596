//! Schema versions a client can ask for in `t:RequestServerVersion` (MS-OXWSCDATA, ExchangeVersionType).

/// Ordered from oldest to newest, so `request >= row.since` is the gate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    Exchange2007,
    Exchange2007Sp1,
    Exchange2010,
    Exchange2010Sp1,
    Exchange2010Sp2,
    Exchange2013,
    Exchange2013Sp1,
    Exchange2015,
    #[default]
    Exchange2016,
}

/// The spelling on the wire of each version; several spellings may name one.
const NAMES: &[(&str, Version)] = &[
    ("Exchange2007", Version::Exchange2007),
    ("Exchange2007_SP1", Version::Exchange2007Sp1),
    ("Exchange2010", Version::Exchange2010),
    ("Exchange2010_SP1", Version::Exchange2010Sp1),
    ("Exchange2010_SP2", Version::Exchange2010Sp2),
    ("Exchange2013", Version::Exchange2013),
    ("Exchange2013_SP1", Version::Exchange2013Sp1),
    ("Exchange2015", Version::Exchange2015),
    ("Exchange2016", Version::Exchange2016),
];

/// Versions that were never released, which the schema names all the same: the next one that was.
const UNRELEASED: &[(&str, Version)] =
    &[("Exchange2009", Version::Exchange2010), ("Exchange2012", Version::Exchange2013)];

impl Version {
    /// The newest one, taken when a client does not say.
    pub const LATEST: Version = Version::Exchange2016;

    /// The name of each, oldest first.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }

    /// None for a name that is no version: the caller answers ErrorInvalidServerVersion.
    pub fn parse(name: &str) -> Option<Version> {
        if let Some(&(_, version)) = NAMES.iter().chain(UNRELEASED).find(|(known, _)| *known == name) {
            return Some(version);
        }
        // Newer clients name builds ("V2017_07_11", "V2_6"): they get the newest schema.
        let rest = name.strip_prefix('V')?;
        let well_formed = rest.starts_with(|c: char| c.is_ascii_digit())
            && rest.chars().all(|c| c.is_ascii_digit() || c == '_' || c == '.');
        well_formed.then_some(Version::LATEST)
    }

    /// Its place in the order, for formats of our own.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// None for a number that no version has.
    pub fn from_number(number: u8) -> Option<Version> {
        NAMES.get(usize::from(number)).map(|(_, version)| *version)
    }

    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(_, v)| *v == self).map_or("Exchange2016", |(name, _)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_and_grow() {
        for (name, version) in NAMES {
            assert_eq!(Version::parse(name), Some(*version));
            assert_eq!(version.name(), *name);
            assert_eq!(Version::from_number(version.number()), Some(*version));
        }
        assert!(NAMES.windows(2).all(|pair| matches!(pair, [older, newer] if older.1 < newer.1)));
    }

    #[test]
    fn builds_and_nonsense() {
        for build in ["V2_6", "V2017_07_11", "V2015_10_05", "V1.0"] {
            assert_eq!(Version::parse(build), Some(Version::LATEST), "{build}");
        }
        for none in ["", "V", "Vx", "V2-6", "exchange2010", "Exchange2015_SP9", "Exchange"] {
            assert_eq!(Version::parse(none), None, "{none}");
        }
    }
}

//! How the multiparts of a message name their boundaries, as far as lines tell.

/// What is odd about a boundary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// Nothing.
    Rightly,
    /// There is no parameter of that name.
    No,
    /// Its quote is not closed.
    OpenQuote,
    /// Its quote is closed on a later line.
    Folded,
}

/// The multiparts of a message in their order: the type in lower case, and how its boundary is named.
pub fn multiparts(octets: &[u8]) -> Vec<(String, Named)> {
    let lines: Vec<String> =
        octets.split(|octet| *octet == b'\n').map(|line| String::from_utf8_lossy(line).trim_end().to_owned()).collect();
    let is_type = |line: &String| {
        let (name, value) = line.split_once(':').unwrap_or_default();
        name.trim_end().eq_ignore_ascii_case("content-type")
            && value.trim_start().get(..10).is_some_and(|kind| kind.eq_ignore_ascii_case("multipart/"))
    };
    let at = |(at, line): (usize, &String)| is_type(line).then_some(at);
    let fields = lines.iter().enumerate().filter_map(at).map(|at| {
        let rest = lines.get(at + 1..).unwrap_or_default();
        let goes_on = rest.iter().take_while(|line| line.starts_with([' ', '\t'])).count();
        lines.get(at..at + 1 + goes_on).unwrap_or_default()
    });
    fields.map(|field| (kind_of(field), named(field))).collect()
}

fn kind_of(field: &[String]) -> String {
    let value = field.first().and_then(|line| line.split_once(':')).map_or("", |(_, value)| value);
    let end = |c: char| c == ';' || c.is_whitespace();
    value.trim_start().split(end).next().unwrap_or_default().to_ascii_lowercase()
}

fn named(field: &[String]) -> Named {
    // The first line of the parameter, and those behind it.
    let find = |line: &String| {
        let at = line.to_ascii_lowercase().find("boundary")?;
        let value = line.get(at + 8..)?.trim_start().strip_prefix('=')?;
        Some(value.trim_start().to_owned())
    };
    let Some((at, first)) = field.iter().enumerate().find_map(|(at, line)| Some((at, find(line)?))) else {
        return Named::No;
    };
    match first.strip_prefix('"') {
        Some(quoted) if quoted.contains('"') => Named::Rightly,
        Some(_) if field.iter().skip(at + 1).any(|line| line.contains('"')) => Named::Folded,
        Some(_) => Named::OpenQuote,
        None => Named::Rightly,
    }
}

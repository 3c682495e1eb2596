//! Sizes: numbers of octets with a unit, and the sizes that mail programs have names for.

/// First and last number of octets that a text means.
pub(crate) fn span(text: &str) -> Option<(i64, i64)> {
    let lower = text.trim().to_ascii_lowercase();
    let words: String = lower.split_whitespace().collect();
    if let Some((_, least, most)) = NAMED.iter().find(|(name, ..)| *name == words) {
        return Some((*least, *most));
    }
    let digits = words.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(words.len());
    let (number, unit) = words.split_at(digits);
    let unit = UNITS.iter().find(|(names, _)| names.contains(&unit)).map(|(_, octets)| *octets)?;
    let octets = match number.split_once('.') {
        None => number.parse::<i64>().ok()?.checked_mul(unit)?,
        Some((whole, part)) => {
            let (scale, digits) = (10_i64.checked_pow(u32::try_from(part.len()).ok()?)?, part.parse::<i64>().ok()?);
            let whole = whole.parse::<i64>().ok()?.checked_mul(unit)?;
            whole.checked_add(digits.checked_mul(unit)? / scale)?
        }
    };
    Some((octets, octets))
}

const KB: i64 = 1024;
const MB: i64 = KB * KB;

const UNITS: &[(&[&str], i64)] =
    &[(&["", "b", "byte", "bytes"], 1), (&["k", "kb"], KB), (&["m", "mb"], MB), (&["g", "gb"], KB * MB)];

/// Outlook's names.
const NAMED: &[(&str, i64, i64)] = &[
    ("tiny", 0, 10 * KB - 1),
    ("small", 10 * KB, 25 * KB - 1),
    ("medium", 25 * KB, 100 * KB - 1),
    ("large", 100 * KB, 500 * KB - 1),
    ("verylarge", 500 * KB, MB - 1),
    ("huge", MB, 5 * MB - 1),
    ("enormous", 5 * MB, i64::MAX),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_units_and_names() {
        for (text, octets) in
            [("5000", Some(5000)), ("10KB", Some(10_240)), ("1.5 mb", Some(1_572_864)), ("2 bytes", Some(2))]
        {
            assert_eq!(span(text), octets.map(|octets| (octets, octets)), "{text}");
        }
        assert_eq!(span("Very Large"), Some((512_000, 1_048_575)));
        for text in ["", "x", "1 furlong", "99999999999999999999", "9999999999999 gb", ".", "1."] {
            assert_eq!(span(text), None, "{text}");
        }
    }
}

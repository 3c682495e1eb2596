//! Text to value and back for the simple types of the schema (xs:boolean, xs:int, xs:dateTime, xs:base64Binary ...).
//!
//! Reading is lenient where clients are (notes of each function); writing has exactly one form for each value.

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ewsd_model::Version;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

/// What a request's headers say about reading its values.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The schema version asked for; the newest if none was.
    pub version: Version,
    /// The zone of times that name none.
    pub zone: TimeZone,
}

impl Default for Reading {
    fn default() -> Reading {
        Reading { version: Version::LATEST, zone: TimeZone::UTC }
    }
}

/// A simple type of the schema.
pub(crate) trait FromText: Sized {
    /// What was expected, for the violation's text.
    const WHAT: &'static str;
    /// Whether white space around the value is part of it.
    const KEEPS_SPACE: bool = false;

    /// None when the text is not of the type. White space around it is already gone.
    fn from_text(text: &str, reading: &Reading) -> Option<Self>;
}

impl FromText for String {
    const WHAT: &'static str = "text";
    const KEEPS_SPACE: bool = true;

    fn from_text(text: &str, _: &Reading) -> Option<String> {
        Some(text.to_owned())
    }
}

impl FromText for bool {
    const WHAT: &'static str = "true, false, 1 or 0";

    fn from_text(text: &str, _: &Reading) -> Option<bool> {
        boolean(text)
    }
}

impl FromText for i32 {
    const WHAT: &'static str = "a whole number of 32 bits";

    fn from_text(text: &str, _: &Reading) -> Option<i32> {
        text.parse().ok()
    }
}

impl FromText for i64 {
    const WHAT: &'static str = "a whole number of 64 bits";

    fn from_text(text: &str, _: &Reading) -> Option<i64> {
        text.parse().ok()
    }
}

impl FromText for f64 {
    const WHAT: &'static str = "a number";

    fn from_text(text: &str, _: &Reading) -> Option<f64> {
        double(text)
    }
}

/// xs:date; the digits count, whatever offset is written behind them, and a time behind them as well.
impl FromText for Date {
    const WHAT: &'static str = "a date";

    fn from_text(text: &str, reading: &Reading) -> Option<Date> {
        timestamp(text, &reading.zone)?;
        text.get(..10)?.parse().ok()
    }
}

/// xs:dateTime; the digits count, whatever offset is written behind them.
impl FromText for DateTime {
    const WHAT: &'static str = "a date and time";

    fn from_text(text: &str, reading: &Reading) -> Option<DateTime> {
        timestamp(text, &reading.zone)?;
        text.get(..19).unwrap_or(text).parse().ok()
    }
}

/// xs:duration, rounded to minutes: `-PT1H30M`, `P0DT8H0M0.0S`, `PT23H59M59.999S`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Minutes(pub i32);

impl FromText for Minutes {
    const WHAT: &'static str = "a duration of days, hours, minutes and seconds";

    fn from_text(text: &str, _: &Reading) -> Option<Minutes> {
        minutes(text).map(Minutes)
    }
}

impl FromText for Timestamp {
    const WHAT: &'static str = "a date and time";

    fn from_text(text: &str, reading: &Reading) -> Option<Timestamp> {
        timestamp(text, &reading.zone)
    }
}

/// xs:boolean; some clients write it with a capital letter.
pub fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// xs:double: `INF`, not `infinity`, and no infinity by overflow.
pub fn double(text: &str) -> Option<f64> {
    match text {
        "INF" => Some(f64::INFINITY),
        "-INF" => Some(f64::NEG_INFINITY),
        "NaN" => Some(f64::NAN),
        _ if text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b)) => text.parse().ok(),
        _ => None,
    }
}

/// The first and the last time that an answer can tell: programs mean "ever" by the ends of their own calendars, which lie
/// beyond both as soon as a zone is taken into account.
fn tellable(time: Option<Timestamp>, year: i16) -> Option<Timestamp> {
    const FIRST: i64 = -62_135_596_800;
    match time {
        Some(time) if time.as_second() < FIRST => Timestamp::from_second(FIRST).ok(),
        None if year == 9999 => Some(Timestamp::MAX),
        time => time,
    }
}

/// A time as a request spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zoned {
    At(Timestamp),
    /// It names no zone.
    Local(DateTime),
}

impl FromText for Zoned {
    const WHAT: &'static str = "a date and time";

    fn from_text(text: &str, _: &Reading) -> Option<Zoned> {
        zoned(text)
    }
}

impl Zoned {
    /// The instant, where what names no zone is in this one.
    pub fn within(self, zone: &TimeZone) -> Timestamp {
        match self {
            Zoned::At(time) => time,
            Zoned::Local(local) => ewsd_model::timezone::instant(zone, local),
        }
    }
}

/// xs:dateTime or xs:date: with `Z`, with an offset, or in `zone`; fractions down to nanoseconds. Never before the year 1, never
/// after [`Timestamp::MAX`], which is in the last days of 9999.
pub fn timestamp(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    match zoned(text)? {
        Zoned::At(time) => Some(time),
        Zoned::Local(local) => tellable(zone.to_timestamp(local).ok(), local.year()),
    }
}

/// The same where it is not known yet in which zone a time is that names none.
pub fn zoned(text: &str) -> Option<Zoned> {
    let mut rest = text.as_bytes();
    let year = i16::try_from(digits(&mut rest, 4)?).ok()?;
    literal(&mut rest, b'-')?;
    let month = small(&mut rest)?;
    literal(&mut rest, b'-')?;
    let date = Date::new(year, month, small(&mut rest)?).ok()?;
    let (time, day_later) = match rest.split_first() {
        Some((b'T' | b't', tail)) => {
            rest = tail;
            time_of_day(&mut rest)?
        }
        _ => (Time::midnight(), false),
    };
    let date = if day_later { date.tomorrow().unwrap_or(date) } else { date };
    let local = date.to_datetime(time);
    let at = match rest {
        [] => return Some(Zoned::Local(local)),
        b"Z" | b"z" => TimeZone::UTC.to_timestamp(local).ok(),
        [sign @ (b'+' | b'-'), tail @ ..] => {
            rest = tail;
            let hours = i32::from(small(&mut rest)?);
            literal(&mut rest, b':')?;
            let minutes = i32::from(small(&mut rest)?);
            if hours > 14 || minutes > 59 || !rest.is_empty() {
                return None;
            }
            let seconds = (hours * 60 + minutes) * 60 * if *sign == b'-' { -1 } else { 1 };
            jiff::tz::Offset::from_seconds(seconds).ok()?.to_timestamp(local).ok()
        }
        _ => return None,
    };
    tellable(at, year).map(Zoned::At)
}

/// `hh:mm:ss` with a fraction; true when it was `24:00:00`, the next day's midnight.
fn time_of_day(rest: &mut &[u8]) -> Option<(Time, bool)> {
    let hour = small(rest)?;
    literal(rest, b':')?;
    let minute = small(rest)?;
    literal(rest, b':')?;
    let second = small(rest)?;
    let mut nanosecond: i32 = 0;
    if let Some((b'.', tail)) = rest.split_first() {
        *rest = tail;
        let len = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let (fraction, tail) = rest.split_at_checked(len)?;
        if fraction.is_empty() {
            return None;
        }
        *rest = tail;
        for place in 0..9 {
            nanosecond = nanosecond * 10 + fraction.get(place).map_or(0, |b| i32::from(b - b'0'));
        }
    }
    if hour == 24 && minute == 0 && second == 0 && nanosecond == 0 {
        return Some((Time::midnight(), true));
    }
    // A leap second is the second before it, as elsewhere in the library.
    Time::new(hour, minute, second.min(59), nanosecond).ok().filter(|_| second <= 60).map(|time| (time, false))
}

/// None for years and months, whose length nobody knows, unless they are none.
pub fn minutes(text: &str) -> Option<i32> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text),
    };
    let rest = rest.strip_prefix('P')?;
    let (days, times) = rest.split_once('T').map_or((rest, None), |(days, times)| (days, Some(times)));
    let mut seconds = 0.0;
    for (part, units) in [(days, "YMD"), (times.unwrap_or_default(), "HMS")] {
        let mut part = part;
        while !part.is_empty() {
            let (number, tail) = part.split_at_checked(part.find(|c: char| c.is_ascii_alphabetic())?)?;
            let unit = units.find(tail.chars().next()?)?;
            let plain = number.starts_with(|c: char| c.is_ascii_digit());
            let number: f64 = plain.then(|| number.parse().ok())??;
            let length = match (units, unit) {
                ("YMD", 2) => 86_400.0,
                ("YMD", _) if number == 0.0 => 0.0,
                ("HMS", 0) => 3600.0,
                ("HMS", 1) => 60.0,
                ("HMS", 2) => 1.0,
                _ => return None,
            };
            seconds += number * length;
            part = tail.get(1..)?;
        }
    }
    let something = times.map_or(!days.is_empty(), |times| !times.is_empty());
    let minutes = (sign * seconds / 60.0_f64).round();
    (something && minutes.abs() < f64::from(i32::MAX)).then_some(minutes as i32)
}

/// xs:duration of whole minutes: `-PT1H30M`, `PT0S`.
pub fn minutes_text(minutes: i32) -> String {
    let (hours, rest) = (minutes.unsigned_abs() / 60, minutes.unsigned_abs() % 60);
    let sign = if minutes < 0 { "-" } else { "" };
    match (hours, rest) {
        (0, 0) => "PT0S".to_owned(),
        (hours, 0) => format!("{sign}PT{hours}H"),
        (0, rest) => format!("{sign}PT{rest}M"),
        (hours, rest) => format!("{sign}PT{hours}H{rest}M"),
    }
}

fn digits(rest: &mut &[u8], count: usize) -> Option<u32> {
    let (head, tail) = rest.split_at_checked(count)?;
    let mut value = 0;
    for byte in head {
        value = value * 10 + u32::from(byte.is_ascii_digit().then(|| byte - b'0')?);
    }
    *rest = tail;
    Some(value)
}

fn small(rest: &mut &[u8]) -> Option<i8> {
    digits(rest, 2).and_then(|value| i8::try_from(value).ok())
}

fn literal(rest: &mut &[u8], byte: u8) -> Option<()> {
    let (head, tail) = rest.split_first()?;
    *rest = tail;
    (*head == byte).then_some(())
}

/// Clients leave out the padding, and some set bits that no octet uses.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// All but the last letters: padding among them is wrong.
const BASE64_INNER: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// Octets decoded at a time: a multiple of four letters, small enough to stay in the cache.
const STEP: usize = 16 * 1024;

/// A base64 decoder that takes its text in pieces and skips white space.
#[derive(Default)]
pub(crate) struct Base64Reader {
    out: Vec<u8>,
    /// Letters not yet decoded: always fewer than [`STEP`] between pieces.
    held: Vec<u8>,
}

impl Base64Reader {
    /// None when the text is not base64.
    pub fn push(&mut self, piece: &str) -> Option<()> {
        let bytes = piece.as_bytes();
        self.out.reserve(bytes.len() / 4 * 3);
        if self.held.is_empty() && !bytes.iter().any(u8::is_ascii_whitespace) {
            let whole = bytes.len() - bytes.len() % 4;
            let (now, later) = bytes.split_at_checked(whole)?;
            // Padding may stand only at the very end: keep the last group for finish().
            let (now, last) = now.split_at_checked(whole.saturating_sub(4))?;
            BASE64_INNER.decode_vec(now, &mut self.out).ok()?;
            self.held.extend_from_slice(last);
            self.held.extend_from_slice(later);
            return Some(());
        }
        for chunk in bytes.chunks(STEP) {
            self.held.extend(chunk.iter().filter(|b| !b.is_ascii_whitespace()));
            let ready = self.held.len().saturating_sub(4) / 4 * 4;
            BASE64_INNER.decode_vec(self.held.get(..ready)?, &mut self.out).ok()?;
            self.held.drain(..ready);
        }
        Some(())
    }

    pub fn finish(mut self) -> Option<Vec<u8>> {
        BASE64.decode_vec(&self.held, &mut self.out).ok()?;
        Some(self.out)
    }
}

/// xs:base64Binary in one piece.
pub fn base64(text: &str) -> Option<Vec<u8>> {
    let mut reader = Base64Reader::default();
    reader.push(text)?;
    reader.finish()
}

/// `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`, also in braces, to its 16 octets in the order of the text.
pub fn guid(text: &str) -> Option<[u8; 16]> {
    let text = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')).unwrap_or(text);
    let mut octets = [0u8; 16];
    let mut nibbles = 0usize;
    for (place, byte) in text.bytes().enumerate() {
        if matches!(place, 8 | 13 | 18 | 23) {
            if byte != b'-' {
                return None;
            }
            continue;
        }
        let nibble = u8::try_from(char::from(byte).to_digit(16)?).ok()?;
        let octet = octets.get_mut(nibbles / 2)?;
        *octet = *octet << 4 | nibble;
        nibbles += 1;
    }
    (nibbles == 32).then_some(octets)
}

/// The text form of a GUID, lower case.
pub fn guid_text(octets: &[u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (place, octet) in octets.iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        for nibble in [octet >> 4, octet & 15] {
            text.extend(char::from_digit(u32::from(nibble), 16));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    fn utc(text: &str) -> Option<String> {
        timestamp(text, &TimeZone::UTC).map(|t| t.to_string())
    }

    #[test]
    fn times_with_and_without_zone_and_fraction() {
        assert_eq!(utc("2026-12-03T09:00:00").unwrap(), "2026-12-03T09:00:00Z");
        assert_eq!(utc("2026-12-03T09:00:00Z").unwrap(), "2026-12-03T09:00:00Z");
        assert_eq!(utc("2026-12-03T09:00:00.000+00:00").unwrap(), "2026-12-03T09:00:00Z");
        assert_eq!(utc("2026-12-03T09:00:00-05:30").unwrap(), "2026-12-03T14:30:00Z");
        assert_eq!(utc("2026-11-21T00:32:26.445Z").unwrap(), "2026-11-21T00:32:26.445Z");
        assert_eq!(utc("2026-12-31T24:00:00Z").unwrap(), "2027-01-01T00:00:00Z");
        assert_eq!(utc("2026-12-07").unwrap(), "2026-12-07T00:00:00Z");
        assert_eq!(utc("2026-12-07+01:00").unwrap(), "2026-12-06T23:00:00Z");
        let wrong = ["", "2026", "2026-13-01", "2026-02-30T00:00:00Z", "2026-01-01T25:00:00Z", "2026-01-01T00:00:00.Z"];
        for text in wrong.iter().chain(&[
            "2026-01-01T00:00:00Zx",
            "2026-01-01T00:00:00+15:00",
            "x026-01-01",
            "2026-01-01T00:00:00+1",
        ]) {
            assert_eq!(utc(text), None, "{text}");
        }
    }

    #[test]
    fn a_time_without_zone_is_in_the_context_s() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        assert_eq!(timestamp("9999-12-31T23:59:59.9999999Z", &zone), Some(Timestamp::MAX));
        assert_eq!(timestamp("9999-12-31T24:00:00", &zone).unwrap().to_string(), "9999-12-30T22:00:00Z");
        assert_eq!(timestamp("0001-01-01T00:00:00+10:00", &zone).unwrap().to_string(), "0001-01-01T00:00:00Z");
        assert_eq!(timestamp("2026-12-03T09:00:00", &zone).unwrap().to_string(), "2026-12-03T07:00:00Z");
        assert_eq!(timestamp("2026-12-03T09:00:00Z", &zone).unwrap().to_string(), "2026-12-03T09:00:00Z");
    }

    #[test]
    fn durations_and_dates() {
        assert_eq!([0, 60, -60, -330, 45].map(minutes_text), ["PT0S", "PT1H", "-PT1H", "-PT5H30M", "PT45M"]);
        let read = ["PT0S", "P0D", "-PT60M", "P0DT8H0M0.0S", "PT23H59M59.999S", "-P1DT2H", "P0Y0M1D"].map(minutes);
        assert_eq!(read, [Some(0), Some(0), Some(-60), Some(480), Some(1440), Some(-1560), Some(1440)]);
        for wrong in
            ["", "P", "PT", "P1Y", "P1M", "1H", "PT1", "PT-1H", "PTinfS", "PT1D", "P1H", "PT1H ", "PT99999999999H"]
        {
            assert_eq!(minutes(wrong), None, "{wrong}");
        }
        let date = |text| Date::from_text(text, &Reading::default()).map(|date| date.to_string());
        for text in ["2014-03-08", "2014-03-08-08:00", "2014-03-08Z", "2014-03-08T23:30:00+10:00"] {
            assert_eq!(date(text).as_deref(), Some("2014-03-08"), "{text}");
        }
        assert_eq!((date("2014-02-29"), date("2014-03-08x")), (None, None));
        let time = |text| DateTime::from_text(text, &Reading::default()).map(|time| time.to_string());
        assert_eq!(time("2007-01-01T08:00:00.000Z").as_deref(), Some("2007-01-01T08:00:00"));
        assert_eq!(time("2007-01-01").as_deref(), Some("2007-01-01T00:00:00"));
    }

    #[test]
    fn base64_in_pieces_with_white_space_and_without_padding() {
        assert_eq!(base64("").unwrap(), b"");
        assert_eq!(base64("aGVsbG8=").unwrap(), b"hello");
        assert_eq!(base64("aGVsbG8").unwrap(), b"hello");
        assert_eq!(base64(" aGVs\r\n bG8= ").unwrap(), b"hello");
        let mut reader = Base64Reader::default();
        for piece in ["a", "GVs", "bG", "8gd29y", "", "bGQ="] {
            reader.push(piece).unwrap();
        }
        assert_eq!(reader.finish().unwrap(), b"hello world");
        assert_eq!(base64("aG*sbG8="), None);
        assert_eq!(base64("aGVsbG8=aGVs"), None);
        assert_eq!(base64("a"), None);
    }

    #[test]
    fn long_base64_equals_the_plain_decoder_s() {
        let octets: Vec<u8> = (0..100_000u32).map(|n| n.to_le_bytes()[0] ^ n.to_le_bytes()[1]).collect();
        let text = base64::engine::general_purpose::STANDARD.encode(&octets);
        assert_eq!(base64(&text).unwrap(), octets);
        let folded: String =
            text.as_bytes().chunks(76).map(|l| format!("{}\n", std::str::from_utf8(l).unwrap())).collect();
        assert_eq!(base64(&folded).unwrap(), octets);
    }

    #[test]
    fn guids_both_ways() {
        let text = "9bf757ae-69b5-4d8a-bf1d-2dd0c0871a28";
        assert_eq!(guid_text(&guid(text).unwrap()), text);
        assert_eq!(guid("{9BF757AE-69B5-4D8A-BF1D-2DD0C0871A28}"), guid(text));
        assert_eq!(guid("9bf757ae69b54d8abf1d2dd0c0871a28"), None);
        assert_eq!(guid("9bf757ae-69b5-4d8a-bf1d-2dd0c0871a2"), None);
        assert_eq!(guid("9bf757ae-69b5-4d8a-bf1d-2dd0c0871a281"), None);
    }

    #[test]
    fn booleans_and_doubles() {
        assert_eq!(
            [boolean("1"), boolean("false"), boolean("True"), boolean("yes")],
            [Some(true), Some(false), Some(true), None]
        );
        assert_eq!(
            [double("1.5"), double("-2E3"), double("INF"), double("infinity"), double("")],
            [Some(1.5), Some(-2000.0), Some(f64::INFINITY), None, None]
        );
    }
}

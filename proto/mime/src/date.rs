//! Dates (RFC 5322 3.3, 4.3), and the other forms that programs write into date fields: that of C's `asctime`, of RFC 850,
//! of ISO 8601.

use crate::lex::Lexer;

/// A moment, and the zone its writer lived in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    /// Seconds since 1970 began in UTC.
    pub seconds: i64,
    /// Minutes east of UTC.
    pub offset: i32,
}

/// More letters than that are no date.
const LONGEST: usize = 1000;

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// RFC 5322 4.3. All other names and letters are as `-0000`: nobody knows what their writers meant.
const ZONES: [(&str, i32); 8] =
    [("edt", -4), ("est", -5), ("cdt", -5), ("cst", -6), ("mdt", -6), ("mst", -7), ("pdt", -7), ("pst", -8)];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Token<'a> {
    /// Value, and how many digits say it.
    Number(i64, usize),
    Word(&'a str),
    Sign(u8),
}

/// None for what is no date.
pub(crate) fn read(value: &[u8]) -> Option<Date> {
    let tokens = tokens(value.get(..LONGEST).unwrap_or(value))?;
    let colon = tokens.iter().position(|token| *token == Token::Sign(b':'));
    let clock = colon.map_or(tokens.len(), |colon| colon.saturating_sub(1));
    let (day, rest) = tokens.split_at_checked(clock)?;
    let (time, rest) = time(rest)?;
    let (year, month, day) = calendar(day, rest)?;
    let offset = offset(rest);
    let days = days(year, month, day)?;
    Some(Date { seconds: days * 86_400 + time - i64::from(offset) * 60, offset })
}

fn tokens(value: &[u8]) -> Option<Vec<Token<'_>>> {
    let mut tokens = Vec::new();
    let mut lexer = Lexer::new(value);
    let mut at = lexer.skip(0);
    while let Some(byte) = value.get(at) {
        let rest = value.get(at..)?;
        let run = |wanted: fn(&u8) -> bool| rest.iter().take_while(|byte| wanted(byte)).count();
        let length = match byte {
            b'0'..=b'9' => {
                let length = run(u8::is_ascii_digit);
                let digits = std::str::from_utf8(rest.get(..length)?).ok()?;
                tokens.push(Token::Number(digits.parse().ok()?, length));
                length
            }
            b'a'..=b'z' | b'A'..=b'Z' => {
                let length = run(u8::is_ascii_alphabetic);
                tokens.push(Token::Word(std::str::from_utf8(rest.get(..length)?).ok()?));
                length
            }
            b':' | b'+' | b'-' | b'.' | b'/' => {
                tokens.push(Token::Sign(*byte));
                1
            }
            _ => 1,
        };
        at = lexer.skip(at + length);
    }
    Some(tokens)
}

/// Seconds of the day, and what follows. Missing: midnight.
fn time<'t, 'v>(tokens: &'t [Token<'v>]) -> Option<(i64, &'t [Token<'v>])> {
    use Token::{Number, Sign};
    let (hour, minute, second, rest) = match tokens {
        [] => (0, 0, 0, tokens),
        [Number(h, _), Sign(b':'), Number(m, _), Sign(b':'), Number(s, _), Sign(b'.'), Number(..), rest @ ..] => {
            (*h, *m, *s, rest)
        }
        [Number(h, _), Sign(b':'), Number(m, _), Sign(b':'), Number(s, _), rest @ ..] => (*h, *m, *s, rest),
        [Number(h, _), Sign(b':'), Number(m, _), rest @ ..] => (*h, *m, 0, rest),
        _ => return None,
    };
    let half = rest.first().and_then(|token| match token {
        Token::Word(word) if word.eq_ignore_ascii_case("am") => Some(0),
        Token::Word(word) if word.eq_ignore_ascii_case("pm") => Some(12),
        _ => None,
    });
    let (hour, rest) = match half {
        Some(half) if (1..=12).contains(&hour) => (hour % 12 + half, rest.get(1..)?),
        _ => (hour, rest),
    };
    // A leap second is the 60th.
    let fits = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..=60).contains(&second);
    fits.then_some((hour * 3600 + minute * 60 + second, rest))
}

/// Year, month and day before the time, or the year behind it, as `asctime` has it.
fn calendar(before: &[Token<'_>], behind: &[Token<'_>]) -> Option<(i64, i64, i64)> {
    let month_of = |token: &Token<'_>| match token {
        Token::Word(word) => {
            let start = word.get(..3)?.to_ascii_lowercase();
            MONTHS.iter().zip(1..).find(|(name, _)| **name == start).map(|(_, number)| number)
        }
        _ => None,
    };
    let numbers = |tokens: &[Token<'_>]| -> Vec<(i64, usize)> {
        let number =
            |token: &Token<'_>| if let Token::Number(value, digits) = token { Some((*value, *digits)) } else { None };
        tokens.iter().filter_map(number).collect()
    };
    // The last one: before it stands a day of the week, and `mar` is March, and Tuesday in French
    // and Spanish.
    let Some(at) = before.iter().rposition(|token| month_of(token).is_some()) else {
        return match numbers(before).as_slice() {
            [(year, 4), (month, _), (day, _)] => Some((*year, *month, *day)),
            _ => None,
        };
    };
    let month = before.get(at).and_then(month_of)?;
    let (left, right) = (numbers(before.get(..at)?), numbers(before.get(at + 1..)?));
    // Four digits that are no zone.
    let bare_year = || {
        let is_zone = |at: usize| at > 0 && matches!(behind.get(at - 1), Some(Token::Sign(b'+' | b'-')));
        behind.iter().enumerate().find_map(|(at, token)| match token {
            Token::Number(year, 4) if !is_zone(at) => Some(*year),
            _ => None,
        })
    };
    let (day, year) = match (left.as_slice(), right.as_slice()) {
        ([.., (day, 1 | 2)], [(year, digits), ..]) => (*day, full(*year, *digits)?),
        ([(year, 4)], [(day, 1 | 2), ..]) => (*day, *year),
        ([], [(day, 1 | 2), (year, digits), ..]) => (*day, full(*year, *digits)?),
        ([], [(day, 1 | 2)]) | ([(day, 1 | 2)], []) => (*day, bare_year()?),
        _ => return None,
    };
    Some((year, month, day))
}

/// RFC 5322 4.3: years of two and three digits.
fn full(year: i64, digits: usize) -> Option<i64> {
    match digits {
        2 if year < 50 => Some(year + 2000),
        2 | 3 => Some(year + 1900),
        4 => Some(year),
        _ => None,
    }
}

/// Minutes east of UTC that what follows the time says.
fn offset(rest: &[Token<'_>]) -> i32 {
    let numeric = rest.windows(2).position(|pair| matches!(pair, [Token::Sign(b'+' | b'-'), Token::Number(_, 1..=4)]));
    if let Some([Token::Sign(sign), Token::Number(value, digits), after @ ..]) = numeric.and_then(|at| rest.get(at..)) {
        let minutes = match (digits, after) {
            (1 | 2, [Token::Sign(b':'), Token::Number(minutes, 2), ..]) => value * 60 + minutes,
            (1 | 2, _) => value * 60,
            _ => value / 100 * 60 + value % 100,
        };
        let minutes = i32::try_from(minutes).ok().filter(|minutes| *minutes < 24 * 60).unwrap_or(0);
        return if *sign == b'-' { -minutes } else { minutes };
    }
    let Some(Token::Word(name)) = rest.first() else { return 0 };
    ZONES.iter().find(|(zone, _)| zone.eq_ignore_ascii_case(name)).map_or(0, |(_, hours)| hours * 60)
}

/// Days since 1970-01-01 in the calendar that mail uses. None for days that are not.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let longest = match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1900..=9999).contains(&year) || !(1..=longest).contains(&day) {
        return None;
    }
    // Years that begin in March end with the leap day.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leaps = year / 4 - year / 100 + year / 400;
    Some(year * 365 + leaps + (month * 153 + 2) / 5 + day - 1 - 719_468)
}

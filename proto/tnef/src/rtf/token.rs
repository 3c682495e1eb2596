//! RTF as tokens: groups, control words, control symbols, octets of text (RTF 1.9.1, "Basic Entities").

/// One token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    Open,
    Close,
    /// A control word and its number.
    Word(&'a str, Option<i32>),
    /// A control symbol other than `\'`, such as `\~`.
    Symbol(u8),
    /// `\'hh`.
    Hex(u8),
    /// An octet of text as it stands.
    Octet(u8),
}

/// Longest name and most digits of a control word that are read as one.
const NAME: usize = 32;
const DIGITS: usize = 10;

pub(crate) struct Tokens<'a> {
    rest: &'a [u8],
}

impl<'a> Tokens<'a> {
    pub fn new(octets: &'a [u8]) -> Tokens<'a> {
        Tokens { rest: octets }
    }

    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    fn pass(&mut self, count: usize) {
        self.rest = self.rest.get(count..).unwrap_or_default();
    }

    /// Behind the backslash.
    fn control(&mut self) -> Option<Token<'a>> {
        let first = *self.rest.first()?;
        if first.is_ascii_alphabetic() {
            return Some(self.word());
        }
        self.pass(1);
        if first != b'\'' {
            return Some(Token::Symbol(first));
        }
        let digit = |octet: u8| char::from(octet).to_digit(16);
        let pair = self.rest.first_chunk::<2>().and_then(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?));
        match pair.and_then(|octet| u8::try_from(octet).ok()) {
            Some(octet) => {
                self.pass(2);
                Some(Token::Hex(octet))
            }
            None => Some(Token::Octet(b'\'')),
        }
    }

    fn word(&mut self) -> Token<'a> {
        let length = self.rest.iter().take(NAME).take_while(|octet| octet.is_ascii_alphabetic()).count();
        let name = self.rest.get(..length).and_then(|name| std::str::from_utf8(name).ok()).unwrap_or_default();
        self.pass(length);
        let minus = self.rest.first() == Some(&b'-');
        let digits = self.rest.get(usize::from(minus)..).unwrap_or_default();
        let count = digits.iter().take(DIGITS).take_while(|octet| octet.is_ascii_digit()).count();
        let number = digits.get(..count).filter(|digits| !digits.is_empty()).map(|digits| {
            let size = digits.iter().fold(0_i64, |sum, digit| sum * 10 + i64::from(digit - b'0'));
            i32::try_from(if minus { -size } else { size }).unwrap_or(if minus { i32::MIN } else { i32::MAX })
        });
        if number.is_some() {
            self.pass(count + usize::from(minus));
        }
        if self.rest.first() == Some(&b' ') {
            self.pass(1);
        }
        if name == "bin" {
            self.pass(number.and_then(|count| usize::try_from(count).ok()).unwrap_or(0));
        }
        Token::Word(name, number)
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let octet = *self.rest.first()?;
            self.pass(1);
            return match octet {
                b'{' => Some(Token::Open),
                b'}' => Some(Token::Close),
                b'\\' => self.control(),
                // Line ends are the writer's, and NULs nobody's.
                b'\r' | b'\n' | 0 => continue,
                _ => Some(Token::Octet(octet)),
            };
        }
    }
}

//! Rust sources taken apart as far as the invariants need it: code without texts and comments, and the texts by themselves.

/// A source, taken apart.
pub struct Source {
    /// The code: comments and the insides of texts are blanks, lines stay where they are.
    pub code: String,
    /// Each string literal with the number of the line where it begins (from 1), its blanks folded to one.
    pub texts: Vec<(usize, String)>,
}

/// Takes a source apart. Escapes in texts stay as they are written; a backslash at a line's end is a blank.
pub fn take_apart(source: &str) -> Source {
    let bytes: Vec<char> = source.chars().collect();
    let mut code = String::with_capacity(source.len());
    let mut texts = Vec::new();
    let (mut at, mut line) = (0, 1);
    let peek = |at: usize| bytes.get(at).copied().unwrap_or('\0');
    while at < bytes.len() {
        let end = match (peek(at), peek(at + 1)) {
            ('/', '/') => until(&bytes, at, |c, _| c == '\n'),
            ('/', '*') => block_comment_end(&bytes, at),
            ('r', '#' | '"') if !part_of_word(&code) => raw_end(&bytes, at + 1),
            ('"', _) => quoted_end(&bytes, at),
            ('\'', '\\') => until(&bytes, at + 3, |c, _| c == '\'') + 1,
            ('\'', _) if peek(at + 2) == '\'' => at + 3,
            _ => at + 1,
        };
        let end = end.clamp(at + 1, bytes.len());
        let whole: String = bytes[at..end].iter().collect();
        if end == at + 1 {
            code.push_str(&whole);
        } else {
            if whole.starts_with('"') || whole.starts_with('r') {
                let quoted = whole.trim_start_matches('r').trim_matches('#');
                let text = quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(quoted);
                let text = text.replace("\\\n", " ");
                texts.push((line, text.split_whitespace().collect::<Vec<_>>().join(" ")));
            }
            code.extend(whole.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        }
        line += whole.matches('\n').count();
        at = end;
    }
    Source { code, texts }
}

fn part_of_word(code: &str) -> bool {
    code.ends_with(|c: char| c.is_alphanumeric() || c == '_')
}

fn until(bytes: &[char], from: usize, is_end: impl Fn(char, usize) -> bool) -> usize {
    (from..bytes.len()).find(|at| is_end(bytes[*at], *at)).unwrap_or(bytes.len())
}

/// Rust's block comments nest.
fn block_comment_end(bytes: &[char], from: usize) -> usize {
    let (mut at, mut depth) = (from, 0);
    while at + 1 < bytes.len() {
        match (bytes[at], bytes[at + 1]) {
            ('/', '*') => (depth, at) = (depth + 1, at + 2),
            ('*', '/') => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    bytes.len()
}

/// `from` is behind the `r`. A raw identifier (`r#type`) is no text.
fn raw_end(bytes: &[char], from: usize) -> usize {
    let hashes = bytes[from..].iter().take_while(|c| **c == '#').count();
    if bytes.get(from + hashes) != Some(&'"') {
        return from;
    }
    let closes = |at: usize| bytes[at + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes;
    until(bytes, from + hashes + 1, |c, at| c == '"' && closes(at)) + 1 + hashes
}

fn quoted_end(bytes: &[char], from: usize) -> usize {
    let mut at = from + 1;
    while at < bytes.len() && bytes[at] != '"' {
        at += if bytes[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// What the machine that proves the others must prove of itself.
pub fn proves_itself() {
    let source = take_apart(
        "let a = \"one // two\"; // \"no\"\nlet b = r#\"say \"hi\"\"#; let c = '\"'; let d: &'static str =\n \"x \\\n   y\"; /* \"a\" /* b */ */ r#type",
    );
    let texts: Vec<(usize, &str)> = source.texts.iter().map(|(line, text)| (*line, text.as_str())).collect();
    assert_eq!(texts, [(1, "one // two"), (2, "say \"hi\""), (3, "x y")]);
    let words: Vec<&str> = source.code.split_whitespace().collect();
    assert_eq!(words.join(" "), "let a = ; let b = ; let c = ; let d: &'static str = ; r#type");
    assert_eq!(source.code.lines().count(), 4);
}

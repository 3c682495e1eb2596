//! Statements laid out to be read: a line for each clause and each step, what is nested further in. For the pages in
//! `tests/sql` only; the server is sent what the code puts together.

/// A nested statement that is no longer stays in its line.
const SHORT: usize = 70;
const WIDTH: usize = 110;
const INDENT: usize = 4;

enum Node {
    Word(String),
    Group(Vec<Node>),
}

/// One statement.
pub fn layout(sql: &str) -> String {
    let mut words = split(sql).into_iter();
    let mut text = String::new();
    statement(&tree(&mut words), 0, &mut text);
    text.trim_start().to_owned() + ";\n"
}

/// Words, commas and brackets; what stands in quotes is one word with what it touches.
fn split(sql: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in sql.chars() {
        quoted ^= c == '\'';
        match c {
            _ if quoted => push(&mut words, c),
            c if c.is_whitespace() => words.push(String::new()),
            '(' | ')' | ',' => words.extend([c.to_string(), String::new()]),
            c => push(&mut words, c),
        }
    }
    // A bracket behind a word, and a word behind a bracket, touch it or do not: the sign `\u{1}` keeps that they do.
    glue(sql, words)
}

fn push(words: &mut [String], c: char) {
    if let Some(word) = words.last_mut() {
        word.push(c);
    }
}

/// Marks words that touch the bracket before or behind them.
fn glue(sql: &str, words: Vec<String>) -> Vec<String> {
    let mut rest = sql;
    let mut glued = Vec::new();
    for word in words.into_iter().filter(|word| !word.is_empty()) {
        let at = rest.find(word.as_str()).unwrap();
        let touches = at == 0 && !glued.is_empty();
        rest = &rest[at + word.len()..];
        glued.push(if touches && word != "," && word != ")" { format!("\u{1}{word}") } else { word });
    }
    glued
}

fn tree(words: &mut impl Iterator<Item = String>) -> Vec<Node> {
    let mut nodes = Vec::new();
    while let Some(word) = words.next() {
        match word.trim_start_matches('\u{1}') {
            "(" => {
                nodes.push(Node::Word(word));
                nodes.push(Node::Group(tree(words)));
            }
            ")" => return nodes,
            _ => nodes.push(Node::Word(word)),
        }
    }
    nodes
}

/// In one line.
fn flat(nodes: &[Node]) -> String {
    let mut text = String::new();
    for node in nodes {
        match node {
            Node::Word(word) => append(&mut text, word),
            Node::Group(inner) => text.push_str(&format!("{})", flat(inner))),
        }
    }
    text
}

/// A word with the space before it that it needs.
fn append(text: &mut String, word: &str) {
    let open = text.is_empty() || text.ends_with(['(', '\n', ' ']);
    match word.strip_prefix('\u{1}') {
        Some(touching) => text.push_str(touching),
        None if open || word == "," => text.push_str(word),
        None => {
            text.push(' ');
            text.push_str(word);
        }
    }
}

fn bare(node: Option<&Node>) -> &str {
    match node {
        Some(Node::Word(word)) => word.trim_start_matches('\u{1}'),
        _ => "",
    }
}

fn is_statement(nodes: &[Node]) -> bool {
    ["select", "insert", "update", "delete", "with", "values"].contains(&bare(nodes.first()))
}

/// Whether a line begins with the word at `at`.
fn begins(nodes: &[Node], at: usize) -> bool {
    let before = at.checked_sub(1).map_or("", |before| bare(nodes.get(before)));
    let behind = bare(nodes.get(at + 1));
    match bare(nodes.get(at)) {
        "with" => behind != "ordinality",
        "select" | "insert" | "where" | "returning" | "order" | "group" | "having" | "limit" | "union" | "except"
        | "values" => true,
        "update" => !["for", "do"].contains(&before),
        "delete" => true,
        "from" => !["delete", "distinct"].contains(&before),
        "set" => before != "update",
        "left" | "full" | "cross" => ["join", "outer"].contains(&behind),
        "join" => !["left", "full", "cross"].contains(&before),
        "on" => behind == "conflict",
        _ => false,
    }
}

fn statement(nodes: &[Node], depth: usize, text: &mut String) {
    let margin = " ".repeat(depth * INDENT);
    let mut steps = bare(nodes.first()) == "with";
    for (at, node) in nodes.iter().enumerate() {
        match node {
            Node::Word(word) => {
                let step = at > 0 && steps && bare(nodes.get(at - 1)) == ",";
                if begins(nodes, at) || step {
                    steps &= step || at == 0;
                    text.push_str(&format!("\n{margin}"));
                } else if column(text) + word.len() > WIDTH && !word.starts_with('\u{1}') && word != "," {
                    text.push_str(&format!("\n{margin}{}", " ".repeat(INDENT)));
                }
                append(text, word);
            }
            Node::Group(inner) => group(inner, depth, text),
        }
    }
}

fn group(inner: &[Node], depth: usize, text: &mut String) {
    let line = flat(inner);
    let margin = " ".repeat(depth * INDENT);
    if line.len() <= SHORT || (!is_statement(inner) && column(text) + line.len() <= WIDTH) {
        text.push_str(&format!("{line})"));
    } else if is_statement(inner) {
        statement(inner, depth + 1, text);
        text.push_str(&format!("\n{margin})"));
    } else {
        // Conditions, or a list of columns: as it comes, further in.
        text.push_str(&format!("\n{margin}{}", " ".repeat(INDENT)));
        statement(inner, depth + 1, text);
        text.push_str(&format!("\n{margin})"));
    }
}

fn column(text: &str) -> usize {
    text.len() - text.rfind('\n').map_or(0, |at| at + 1)
}

//! An answer as a tree. Names carry the prefix that EWS documents use (`t:`, `m:`, `e:`, `s:`; of Autodiscover `a:` in SOAP, `r:` and `o:` in POX), whatever prefix
//! the server wrote: a name in the wrong namespace is not found.

/// An element. `text` is all character data directly inside.
#[derive(Clone, PartialEq)]
pub struct Node {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub text: String,
    pub children: Vec<Node>,
}

impl Node {
    /// Reads a document; panics when it is not well-formed.
    pub fn parse(document: &str) -> Node {
        let tree = roxmltree::Document::parse(document)
            .unwrap_or_else(|e| panic!("not well-formed ({e}): {}", head(document)));
        Node::from(tree.root_element())
    }

    fn from(element: roxmltree::Node) -> Node {
        Node {
            name: qualified(element.tag_name()),
            attributes: element.attributes().map(|a| (a.name().to_owned(), a.value().to_owned())).collect(),
            text: element.children().filter(|c| c.is_text()).filter_map(|c| c.text()).collect(),
            children: element.children().filter(|c| c.is_element()).map(Node::from).collect(),
        }
    }

    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// The first element at a path of names below this one, as `m:Items/t:Message/t:Subject`; `*` is any name.
    pub fn get(&self, path: &str) -> Option<&Node> {
        self.all(path).into_iter().next()
    }

    /// All elements at a path.
    pub fn all(&self, path: &str) -> Vec<&Node> {
        let mut found = vec![self];
        for step in path.split('/') {
            found =
                found.into_iter().flat_map(|n| n.children.iter().filter(|c| step == "*" || c.name == step)).collect();
        }
        found
    }

    /// The first element at a path, which must be there.
    pub fn want(&self, path: &str) -> &Node {
        self.get(path).unwrap_or_else(|| panic!("no {path} in {self:#?}"))
    }

    /// The text at a path, when the element is there.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.get(path).map(|n| n.text.as_str())
    }

    /// The number at a path, which must be there.
    pub fn number(&self, path: &str) -> i64 {
        let text = &self.want(path).text;
        text.parse().unwrap_or_else(|_| panic!("{path} is no number: {text:?}"))
    }

    /// The first descendant of this name.
    pub fn find(&self, name: &str) -> Option<&Node> {
        self.children.iter().find_map(|c| if c.name == name { Some(c) } else { c.find(name) })
    }

    /// All descendants of this name, in document order.
    pub fn find_all(&self, name: &str) -> Vec<&Node> {
        let mut found = Vec::new();
        self.collect(name, &mut found);
        found
    }

    fn collect<'a>(&'a self, name: &str, found: &mut Vec<&'a Node>) {
        for child in &self.children {
            if child.name == name {
                found.push(child);
            }
            child.collect(name, found);
        }
    }

    /// The names of the children, in order.
    pub fn names(&self) -> Vec<&str> {
        self.children.iter().map(|c| c.name.as_str()).collect()
    }
}

/// As XML on one line, for the messages of failed tests.
impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<{}", self.name)?;
        for (name, value) in &self.attributes {
            write!(f, " {name}={value:?}")?;
        }
        write!(f, ">{}", self.text)?;
        for child in &self.children {
            child.fmt(f)?;
        }
        write!(f, "</{}>", self.name)
    }
}

/// Text made safe for an element or an attribute.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn qualified(name: roxmltree::ExpandedName) -> String {
    let prefix = match name.namespace() {
        Some("http://schemas.microsoft.com/exchange/services/2006/types") => "t:",
        Some("http://schemas.microsoft.com/exchange/services/2006/messages") => "m:",
        Some("http://schemas.microsoft.com/exchange/services/2006/errors") => "e:",
        Some("http://schemas.xmlsoap.org/soap/envelope/") => "s:",
        Some("http://schemas.microsoft.com/exchange/2010/Autodiscover") => "a:",
        Some("http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006") => "r:",
        Some("http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a") => "o:",
        Some(_) => "?:",
        None => "",
    };
    format!("{prefix}{}", name.name())
}

fn head(text: &str) -> String {
    text.chars().take(400).collect()
}

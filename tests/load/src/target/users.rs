//! Who logs in at a server that is not this program's own: a file of people, or a header that is ready made.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Account;
use crate::error::{During, Error, Result};

/// The people of a file: a line each with address, login and password, with tabs, or else commas, in between. What stands after the
/// second is the password, whatever is in it. Empty lines, and those that begin with `#`, are left out.
///
/// # Errors
/// No such file, nobody in it, or a line that has not all of it, named by its number and nothing else.
pub fn read(file: &Path, head: &str) -> Result<Vec<Account>> {
    let text = std::fs::read_to_string(file).during(file.display())?;
    let people = people(&text, head).map_err(|error| Error::new(format!("{}: {error}", file.display())))?;
    if people.is_empty() {
        return Err(Error::new(format!("{}: nobody is in it", file.display())));
    }
    Ok(people)
}

fn people(text: &str, head: &str) -> Result<Vec<Account>> {
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    lines
        .map(|(n, line)| {
            let by = if line.contains('\t') { '\t' } else { ',' };
            let mut fields = line.splitn(3, by);
            match (fields.next(), fields.next(), fields.next()) {
                (Some(address), Some(login), Some(password)) if !login.trim().is_empty() => {
                    Ok(basic(address.trim(), login.trim(), password, head))
                }
                _ => Err(Error::new(format!("line {n}: address, login, password are wanted"))),
            }
        })
        .collect()
}

/// Somebody with a password.
pub fn basic(address: &str, login: &str, password: &str, head: &str) -> Account {
    let authorization = format!("Basic {}", STANDARD.encode(format!("{login}:{password}")));
    Account {
        address: address.to_owned(),
        login: login.to_owned(),
        password: password.to_owned(),
        head: format!("{head}Authorization: {authorization}\r\n"),
        authorization,
    }
}

/// Whoever a header names; `address`, if mail is to reach them.
///
/// # Errors
/// It is no header field.
pub fn ready_made(fields: &[String], address: &str, head: &str) -> Result<Account> {
    let mut head = head.to_owned();
    for field in fields {
        let name = field.split_once(':').map_or("", |(name, _)| name);
        let is_token = |octet: u8| octet.is_ascii_alphanumeric() || b"-_!#$%&'*+.^`|~".contains(&octet);
        if name.is_empty() || !name.bytes().all(is_token) || field.contains(['\r', '\n', '\0']) {
            return Err(Error::new("--header wants NAME: VALUE, such as 'Authorization: Bearer …'"));
        }
        head.push_str(field);
        head.push_str("\r\n");
    }
    let nothing = String::new;
    Ok(Account { address: address.to_owned(), login: nothing(), password: nothing(), head, authorization: nothing() })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{people, ready_made};

    #[test]
    fn people_are_read_from_lines() {
        let text = "# all\n\nanna@a,anna,x,y \nben@a\tben\t p\tq\n,svc,z\n";
        let read = people(text, "H\r\n").unwrap();
        let told: Vec<_> = read.iter().map(|a| (a.address.as_str(), a.login.as_str(), a.password.as_str())).collect();
        assert_eq!(told, [("anna@a", "anna", "x,y "), ("ben@a", "ben", " p\tq"), ("", "svc", "z")]);
        assert_eq!(read.last().unwrap().head, "H\r\nAuthorization: Basic c3ZjOno=\r\n");
        let wrong = people("anna@a,anna,x\nben@a;ben;secret\n", "").unwrap_err().to_string();
        assert!(wrong.contains("line 2") && !wrong.contains("secret"), "{wrong}");
    }

    #[test]
    fn a_header_is_taken_as_it_is() {
        let account = ready_made(&["X-Remote-User: anna".to_owned()], "anna@a", "H\r\n").unwrap();
        assert_eq!(account.head, "H\r\nX-Remote-User: anna\r\n");
        for wrong in ["anna", ": x", "A B: x", "A: b\r\nC: d"] {
            assert!(ready_made(&[wrong.to_owned()], "", "").is_err(), "{wrong}");
        }
    }
}

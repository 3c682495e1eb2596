//! What a contact is filed as, by its mapping (MS-OXWSCONT 3.1.4.1.2.4). Parts that are empty fall away with what joins them.

/// The names of a contact, empty where it has none.
#[derive(Clone, Debug, Default)]
pub struct Names {
    pub first: String,
    pub middle: String,
    pub last: String,
    pub suffix: String,
    pub company: String,
    pub display: String,
}

/// What a word of FileAsMappingType makes of the names. None: it makes nothing, and FileAs is as it was given.
pub fn file_as(mapping: &str, names: &Names) -> Option<String> {
    let Names { first, middle, last, suffix, company, display } = names;
    let given = join(" ", &[first, middle]);
    // Names of East Asia: the family's, and the given one right behind it.
    let close = join(" ", &[&format!("{last}{first}"), middle]);
    let comma = join(", ", &[last, &given]);
    let spaced = join(" ", &[last, &given]);
    Some(match mapping {
        "LastCommaFirst" => comma,
        "FirstSpaceLast" => join(" ", &[&given, last, suffix]),
        "Company" => company.clone(),
        "LastCommaFirstCompany" => behind(&comma, company),
        "CompanyLastCommaFirst" => behind(company, &comma),
        "LastFirst" => close,
        "LastFirstCompany" => behind(&close, company),
        "CompanyLastFirst" => behind(company, &close),
        "LastSpaceFirst" => spaced,
        "LastSpaceFirstCompany" => behind(&spaced, company),
        "CompanyLastSpaceFirst" => behind(company, &spaced),
        "LastFirstSuffix" => join(" ", &[&format!("{last}{first}"), suffix]),
        "LastFirstMiddleSuffix" => format!("{last}{first}{middle}{suffix}"),
        "DisplayName" => display.clone(),
        "FirstName" => first.clone(),
        "LastName" => last.clone(),
        "Empty" => String::new(),
        _ => return None,
    })
}

fn join(with: &str, parts: &[&str]) -> String {
    let parts: Vec<&str> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
    parts.join(with)
}

/// The second in parentheses.
fn behind(one: &str, other: &str) -> String {
    match (one.is_empty(), other.is_empty()) {
        (false, false) => format!("{one} ({other})"),
        _ => format!("{one}{other}"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]
    use super::*;
    use ewsd_model::PropId;
    use ewsd_model::property::Type;

    fn names(words: [&str; 6]) -> Names {
        let [first, middle, last, suffix, company, display] = words.map(str::to_owned);
        Names { first, middle, last, suffix, company, display }
    }

    #[test]
    fn every_mapping_makes_its_text() {
        let all = names(["Jana", "Eva", "Nov", "Jr.", "Acme", "JN"]);
        let bare = names(["Jana", "", "", "", "", ""]);
        for (mapping, whole, part) in [
            ("LastCommaFirst", "Nov, Jana Eva", "Jana"),
            ("FirstSpaceLast", "Jana Eva Nov Jr.", "Jana"),
            ("Company", "Acme", ""),
            ("LastCommaFirstCompany", "Nov, Jana Eva (Acme)", "Jana"),
            ("CompanyLastCommaFirst", "Acme (Nov, Jana Eva)", "Jana"),
            ("LastFirst", "NovJana Eva", "Jana"),
            ("LastFirstCompany", "NovJana Eva (Acme)", "Jana"),
            ("CompanyLastFirst", "Acme (NovJana Eva)", "Jana"),
            ("LastSpaceFirst", "Nov Jana Eva", "Jana"),
            ("LastSpaceFirstCompany", "Nov Jana Eva (Acme)", "Jana"),
            ("CompanyLastSpaceFirst", "Acme (Nov Jana Eva)", "Jana"),
            ("LastFirstSuffix", "NovJana Jr.", "Jana"),
            ("LastFirstMiddleSuffix", "NovJanaEvaJr.", "Jana"),
            ("DisplayName", "JN", ""),
            ("FirstName", "Jana", "Jana"),
            ("LastName", "Nov", ""),
            ("Empty", "", ""),
        ] {
            assert_eq!(file_as(mapping, &all).as_deref(), Some(whole), "{mapping}");
            assert_eq!(file_as(mapping, &bare).as_deref(), Some(part), "{mapping} of a first name alone");
        }
    }

    #[test]
    fn every_word_of_the_schema_is_known() {
        let Type::Enum(words) = PropId::ContactFileAsMapping.row().ty else { panic!("no words") };
        for word in words {
            assert_eq!(file_as(word, &Names::default()).is_some(), *word != "None", "{word}");
        }
    }
}

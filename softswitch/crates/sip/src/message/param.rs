//! `;name=value` lists, as URIs and header values carry them (RFC 3261 §25.1 generic-param, uri-parameter).

use std::fmt;

use super::token;

/// An ordered list of parameters. Names compare without regard to case; values are kept as written,
/// quotes included.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Params(Vec<Param>);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Param {
    name: String,
    value: Option<String>,
}

/// More parameters on one value are refused. A larger number only helps who wants to burn our time.
pub const MAX_PARAMS: usize = 64;

impl Params {
    /// No parameters.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Parses what follows a value: nothing, or `;name[=value]` repeated.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = token::trim(text);
        if text.is_empty() {
            return Some(Self::new());
        }
        let mut list = Vec::new();
        for part in token::split(text.strip_prefix(';')?, b';') {
            if list.len() == MAX_PARAMS {
                return None;
            }
            let (name, value) = match part.split_once('=') {
                Some((name, value)) => (token::trim(name), Some(token::trim(value))),
                None => (part, None),
            };
            if !is_name(name) || !value.is_none_or(is_value) {
                return None;
            }
            list.push(Param { name: name.to_owned(), value: value.map(str::to_owned) });
        }
        Some(Self(list))
    }

    /// The value of `name`: `None` if the parameter is absent, `Some("")` if it has no value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|param| param.name.eq_ignore_ascii_case(name))
            .map(|param| param.value.as_deref().unwrap_or_default())
    }

    /// Whether `name` is there, with or without a value.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Sets `name`, replacing its value where it is present. Characters that would end the parameter are
    /// dropped from `value`, unless it is a quoted string.
    pub fn set(&mut self, name: &str, value: Option<&str>) {
        let value = value.map(|value| {
            if token::quoted_end(value) == Some(value.len()) {
                value.chars().filter(|char| !matches!(char, '\r' | '\n')).collect()
            } else {
                value.chars().filter(|&char| is_value_char(char)).collect::<String>()
            }
        });
        match self.0.iter_mut().find(|param| param.name.eq_ignore_ascii_case(name)) {
            Some(param) => param.value = value,
            None => self.0.push(Param { name: name.to_owned(), value }),
        }
    }

    /// The same list with `name` set. See [`Self::set`].
    #[must_use]
    pub fn with(mut self, name: &str, value: Option<&str>) -> Self {
        self.set(name, value);
        self
    }

    /// Removes `name`; says whether it was there.
    pub fn remove(&mut self, name: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|param| !param.name.eq_ignore_ascii_case(name));
        self.0.len() < before
    }

    /// Each name with its value, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0.iter().map(|param| (param.name.as_str(), param.value.as_deref()))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for param in &self.0 {
            match &param.value {
                Some(value) => write!(f, ";{}={value}", param.name)?,
                None => write!(f, ";{}", param.name)?,
            }
        }
        Ok(())
    }
}

/// Token characters plus what `paramchar` of URIs adds (RFC 3261 §25.1).
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| token::is_token_byte(byte) || b"[]/:&+$()".contains(&byte))
}

fn is_value(value: &str) -> bool {
    if value.starts_with('"') {
        token::quoted_end(value) == Some(value.len())
    } else {
        !value.is_empty() && value.chars().all(is_value_char)
    }
}

/// Values are read liberally: all but what ends a parameter.
fn is_value_char(char: char) -> bool {
    !char.is_control() && !char.is_whitespace() && !matches!(char, ';' | ',' | '"' | '<' | '>')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_prints_as_it_was_read() {
        let params = Params::parse(" ; lr;q = 0.5; x=\"a;b\" ").expect("well-formed");
        assert_eq!(params.to_string(), ";lr;q=0.5;x=\"a;b\"");
        assert_eq!(params.get("LR"), Some(""));
        assert_eq!(params.get("Q"), Some("0.5"));
        assert_eq!(params.get("y"), None);
    }

    #[test]
    fn broken_lists_are_refused() {
        for bad in ["x", ";", ";;a", ";a=", ";a=\"b", ";a b", ";=b", ";a=b c"] {
            assert_eq!(Params::parse(bad), None, "{bad}");
        }
        assert_eq!(Params::parse(&";a".repeat(MAX_PARAMS + 1)), None);
    }

    #[test]
    fn a_set_value_cannot_break_out() {
        let params = Params::new().with("tag", Some("a;b\r\nc\"<>, "));
        assert_eq!(params.to_string(), ";tag=abc");
    }
}

//! `;name=value` lists, as URIs and header values carry them (RFC 3261 §25.1 generic-param, uri-parameter).

use std::fmt;

use super::token;

/// An ordered list of parameters. Names compare without regard to case; values are kept as written,
/// quotes included.
///
/// Kept as it prints, `;name=value;name`: there are few of them, and reading them again costs less than a string for
/// each name and value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Params(String);

/// More parameters on one value are refused. A larger number only helps who wants to burn our time.
pub const MAX_PARAMS: usize = 64;

impl Params {
    /// No parameters.
    pub const fn new() -> Self {
        Self(String::new())
    }

    /// Parses what follows a value: nothing, or `;name[=value]` repeated.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = token::trim(text);
        if text.is_empty() {
            return Some(Self::new());
        }
        let mut params = Self(String::with_capacity(text.len()));
        for (count, part) in token::split(text.strip_prefix(';')?, b';').enumerate() {
            if count == MAX_PARAMS {
                return None;
            }
            let (name, value) = match part.split_once('=') {
                Some((name, value)) => (token::trim(name), Some(token::trim(value))),
                None => (part, None),
            };
            if !is_name(name) || !value.is_none_or(is_value) {
                return None;
            }
            params.push(name, value);
        }
        Some(params)
    }

    /// The value of `name`: `None` if the parameter is absent, `Some("")` if it has no value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.unwrap_or_default())
    }

    fn push(&mut self, name: &str, value: Option<&str>) {
        self.0.push(';');
        self.0.push_str(name);
        if let Some(value) = value {
            self.0.push('=');
            self.0.push_str(value);
        }
    }

    /// Whether `name` is there, with or without a value.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Sets `name`, replacing its value where it is present. Characters that would end the parameter are
    /// dropped from `value`, unless it is a quoted string.
    pub fn set(&mut self, name: &str, value: Option<&str>) {
        let value: Option<String> = value.map(|value| {
            if token::quoted_end(value) == Some(value.len()) {
                value.chars().filter(|char| !matches!(char, '\r' | '\n')).collect()
            } else {
                value.chars().filter(|&char| is_value_char(char)).collect()
            }
        });
        let known = std::mem::take(self);
        let mut is_set = false;
        for (other, old) in known.iter() {
            // The first of the name is the one that counts; further ones stay as they were.
            if !is_set && other.eq_ignore_ascii_case(name) {
                is_set = true;
                self.push(other, value.as_deref());
            } else {
                self.push(other, old);
            }
        }
        if !is_set {
            self.push(name, value.as_deref());
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
        let known = std::mem::take(self);
        for (other, value) in known.iter().filter(|(other, _)| !other.eq_ignore_ascii_case(name)) {
            self.push(other, value);
        }
        self.0.len() < known.0.len()
    }

    /// Each name with its value, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let mut rest = self.0.strip_prefix(';');
        std::iter::from_fn(move || {
            let text = rest.take()?;
            let end = if memchr::memchr(b'"', text.as_bytes()).is_none() {
                memchr::memchr(b';', text.as_bytes())
            } else {
                token::find(text, |byte| byte == b';')
            };
            let (part, tail) = text.split_at(end.unwrap_or(text.len()));
            rest = tail.strip_prefix(';');
            Some(match part.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (part, None),
            })
        })
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
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
        !value.is_empty() && (value.bytes().all(token::is_token_byte) || value.chars().all(is_value_char))
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

//! `name-addr` and `addr-spec`: the values of From, To, Contact, Route and Record-Route (RFC 3261 §20.10).

use std::fmt;

use super::{param::Params, token, uri::Uri};

/// A display name, a URI, and the parameters of the header (not of the URI).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameAddr {
    /// The display name without quotes; `None` if there is none.
    pub display: Option<String>,
    /// The URI.
    pub uri: Uri,
    /// The header's parameters: `tag`, `expires`, `q` and others.
    pub params: Params,
}

impl NameAddr {
    /// `<uri>` alone.
    pub const fn new(uri: Uri) -> Self {
        Self { display: None, uri, params: Params::new() }
    }

    /// The same with a display name. An empty one counts as none.
    #[must_use]
    pub fn with_display(mut self, display: &str) -> Self {
        self.display = Some(display.to_owned()).filter(|display| !display.is_empty());
        self
    }

    /// The same with the `tag` parameter set.
    #[must_use]
    pub fn with_tag(mut self, tag: &str) -> Self {
        self.params.set("tag", Some(tag));
        self
    }

    /// Parses one value; `None` if it is malformed.
    pub fn parse(text: &str) -> Option<Self> {
        let (display, rest) = split_display(token::trim(text))?;
        if let Some(rest) = rest.strip_prefix('<') {
            let (uri, params) = rest.split_once('>')?;
            return Some(Self {
                display,
                uri: Uri::parse(token::trim(uri))?,
                params: Params::parse(params)?,
            });
        }
        // Without brackets the parameters are the header's, and a URI with a comma or a question mark is not
        // allowed. RFC 3261 §20.
        let (uri, params) = rest.split_at(rest.find(';').unwrap_or(rest.len()));
        let uri = token::trim(uri);
        if uri.contains([',', '?']) {
            return None;
        }
        Some(Self { display, uri: Uri::parse(uri)?, params: Params::parse(params)? })
    }

    /// The `tag` parameter.
    pub fn tag(&self) -> Option<&str> {
        self.params.get("tag").filter(|tag| !tag.is_empty())
    }
}

impl fmt::Display for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(display) = &self.display {
            write!(f, "{} ", token::quote(display))?;
        }
        write!(f, "<{}>{}", self.uri, self.params)
    }
}

/// The display name, unquoted, and what follows it: `<…`, or a bare address if there is no name at all.
fn split_display(text: &str) -> Option<(Option<String>, &str)> {
    if text.starts_with('"') {
        let (display, rest) = text.split_at(token::quoted_end(text)?);
        let rest = token::trim(rest);
        // A quoted name needs the brackets.
        return rest
            .starts_with('<')
            .then(|| (Some(token::unquote(display)).filter(|name| !name.is_empty()), rest));
    }
    let Some(at) = text.find('<') else { return Some((None, text)) };
    let (display, rest) = text.split_at(at);
    match token::trim(display) {
        "" => Some((None, rest)),
        display if is_bare_display(display) => Some((Some(display.to_owned()), rest)),
        _ => None,
    }
}

/// An unquoted display name. The grammar allows tokens; all that cannot be mistaken for structure is taken,
/// because telephones send names with accents unquoted.
fn is_bare_display(name: &str) -> bool {
    !name.contains(['"', '>', ',', ';', '@', '\\', ':'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_an_address() {
        let read = |text: &str| NameAddr::parse(text).map(|address| address.to_string());
        assert_eq!(read("sip:a@h;tag=1").as_deref(), Some("<sip:a@h>;tag=1"));
        assert_eq!(read("<sip:a@h;lr>;tag=1").as_deref(), Some("<sip:a@h;lr>;tag=1"));
        assert_eq!(read("A. G. Bell <sip:a@h> ;tag=1").as_deref(), Some("\"A. G. Bell\" <sip:a@h>;tag=1"));
        assert_eq!(read(r#""J \"R\" <x>"<sip:a@h>"#).as_deref(), Some(r#""J \"R\" <x>" <sip:a@h>"#));
        assert_eq!(read("\"\" <sip:a@h>").as_deref(), Some("<sip:a@h>"));
    }

    #[test]
    fn broken_addresses_are_refused() {
        for bad in [
            "",
            "\"a\" sip:a@h",
            "\"a <sip:a@h>",
            "<sip:a@h",
            "a, b <sip:a@h>",
            "sip:a@h?x=y",
            "<>",
            "<sip:a@h> x",
            "\"\" sip:a@h",
        ] {
            assert_eq!(NameAddr::parse(bad), None, "{bad}");
        }
    }
}

//! Which sites' pages may use the server.
//!
//! A browser names the page's site in `Origin`. No cookie signs anybody in, so a page of another site has no token to
//! use; the list keeps it from trying, and from talking to a server inside a network the page's maker cannot reach.

use axum::http::{HeaderMap, header};

/// A scheme, a host and a port, as a browser writes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    scheme: String,
    authority: String,
}

impl Origin {
    /// The origin of an `http:` or `https:` URL that has neither user nor path.
    pub fn of_url(url: &str) -> Option<Self> {
        let url = url.trim().trim_end_matches('/').to_ascii_lowercase();
        let (scheme, authority) = url.split_once("://")?;
        let default_port = match scheme {
            "http" => ":80",
            "https" => ":443",
            _ => return None,
        };
        let authority = authority.strip_suffix(default_port).unwrap_or(authority);
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte);
        if authority.is_empty() || !authority.bytes().all(allowed) {
            return None;
        }
        Some(Self { scheme: scheme.to_owned(), authority: authority.to_owned() })
    }

    /// The host without its port.
    pub fn host(&self) -> &str {
        match self.authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => &self.authority,
        }
    }

    /// As a browser writes it.
    pub fn as_text(&self) -> String {
        format!("{}://{}", self.scheme, self.authority)
    }
}

/// What the `Origin` of a request says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// No browser sent it, or one that does not say.
    Absent,
    /// A page of ours.
    Own,
    /// A page of a listed site.
    Listed,
    /// Any other page, or `null`.
    Foreign,
}

/// The list.
#[derive(Debug, Clone, Default)]
pub struct AllowedOrigins {
    own: Option<Origin>,
    listed: Vec<Origin>,
}

impl AllowedOrigins {
    /// The list of the configuration; entries were checked when it was read.
    pub fn new(public_url: Option<&str>, listed: &[String]) -> Self {
        Self {
            own: public_url.and_then(Origin::of_url),
            listed: listed.iter().filter_map(|url| Origin::of_url(url)).collect(),
        }
    }

    /// The listed sites.
    pub fn listed(&self) -> impl Iterator<Item = &Origin> {
        self.listed.iter()
    }

    /// Whether an origin is a listed site's or our own.
    pub fn has(&self, origin: &Origin) -> bool {
        self.own.as_ref() == Some(origin) || self.listed.contains(origin)
    }

    /// Judges a request. A page whose `Origin` has the host the request was sent to is ours.
    pub fn judge(&self, headers: &HeaderMap) -> Verdict {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let Some(value) = origins.next() else { return Verdict::Absent };
        let Some(origin) = value.to_str().ok().and_then(Origin::of_url) else { return Verdict::Foreign };
        if origins.next().is_some() {
            return Verdict::Foreign;
        }
        let sent_to = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let same_host = |host: &str| {
            Origin::of_url(&format!("{}://{host}", origin.scheme))
                .is_some_and(|to| to.authority == origin.authority)
        };
        if self.own.as_ref() == Some(&origin) || sent_to.is_some_and(same_host) {
            Verdict::Own
        } else if self.listed.contains(&origin) {
            Verdict::Listed
        } else {
            Verdict::Foreign
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(origin: &[&str], host: &str) -> Verdict {
        let allowed =
            AllowedOrigins::new(Some("https://pbx.example.com"), &["https://crm.example.com".to_owned()]);
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().expect("a header value"));
        for origin in origin {
            headers.append(header::ORIGIN, origin.parse().expect("a header value"));
        }
        allowed.judge(&headers)
    }

    #[test]
    fn only_exact_origins_pass() {
        assert_eq!(judge(&[], "pbx"), Verdict::Absent);
        assert_eq!(judge(&["https://pbx.example.com"], "other"), Verdict::Own);
        assert_eq!(judge(&["https://pbx.example.com:443"], "other"), Verdict::Own);
        assert_eq!(judge(&["http://10.0.0.5:8080"], "10.0.0.5:8080"), Verdict::Own);
        assert_eq!(judge(&["https://crm.example.com"], "pbx"), Verdict::Listed);
        for foreign in [
            "null",
            "",
            "https://crm.example.com.evil.test",
            "https://evilcrm.example.com",
            "http://crm.example.com",
            "https://crm.example.com:8443",
            "https://crm.example.com/path",
            "https://user@crm.example.com",
            "file://",
        ] {
            assert_eq!(judge(&[foreign], "pbx.example.com"), Verdict::Foreign, "{foreign}");
        }
        assert_eq!(judge(&["https://crm.example.com", "https://evil.test"], "pbx"), Verdict::Foreign);
    }
}

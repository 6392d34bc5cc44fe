//! Header names and the ordered list of header fields (RFC 3261 §7.3).

use std::{
    fmt,
    hash::{Hash, Hasher},
};

use bytes::Bytes;

use super::{
    error::{HeaderError, Problem},
    name_addr::NameAddr,
    token,
    values::{CSeq, ContentType, Reason},
    via::Via,
};

macro_rules! header_names {
    ($($variant:ident = $name:literal $(| $compact:literal)?),+ $(,)?) => {
        /// The name of a header field. Known names print in the RFC's spelling and without compact forms;
        /// unknown ones as they were written. All compare without regard to case.
        #[derive(Debug, Clone)]
        pub enum HeaderName {
            $(#[doc = concat!("`", $name, "`.")] $variant,)+
            /// A name this crate does not know: a token, as written.
            Other(Box<str>),
        }

        impl HeaderName {
            /// Parses a name or its compact form; `None` if it is no token.
            pub fn parse(text: &str) -> Option<Self> {
                const KNOWN: &[(&str, HeaderName)] = &[$(($name, HeaderName::$variant),)+];
                // Nearly everybody writes the RFC's spelling.
                match text {
                    $($name => return Some(Self::$variant),)+
                    _ => {}
                }
                if text.len() == 1 {
                    $($(if text.eq_ignore_ascii_case($compact) {
                        return Some(Self::$variant);
                    })?)+
                }
                for (name, known) in KNOWN {
                    if name.len() == text.len() && name.eq_ignore_ascii_case(text) {
                        return Some(known.clone());
                    }
                }
                token::is_token(text).then(|| Self::Other(text.into()))
            }

            /// The name as it is printed.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $name,)+
                    Self::Other(name) => name,
                }
            }
        }
    };
}

header_names! {
    Via = "Via" | "v",
    From = "From" | "f",
    To = "To" | "t",
    CallId = "Call-ID" | "i",
    CSeq = "CSeq",
    Contact = "Contact" | "m",
    MaxForwards = "Max-Forwards",
    Expires = "Expires",
    ContentType = "Content-Type" | "c",
    ContentLength = "Content-Length" | "l",
    Route = "Route",
    RecordRoute = "Record-Route",
    Allow = "Allow",
    Supported = "Supported" | "k",
    UserAgent = "User-Agent",
    Authorization = "Authorization",
    Accept = "Accept",
    AcceptContact = "Accept-Contact" | "a",
    AcceptEncoding = "Accept-Encoding",
    AcceptLanguage = "Accept-Language",
    AlertInfo = "Alert-Info",
    AllowEvents = "Allow-Events" | "u",
    AuthenticationInfo = "Authentication-Info",
    CallInfo = "Call-Info",
    ContentDisposition = "Content-Disposition",
    ContentEncoding = "Content-Encoding" | "e",
    ContentLanguage = "Content-Language",
    Date = "Date",
    Diversion = "Diversion",
    ErrorInfo = "Error-Info",
    Event = "Event" | "o",
    FlowTimer = "Flow-Timer",
    HistoryInfo = "History-Info",
    Identity = "Identity" | "y",
    InReplyTo = "In-Reply-To",
    MimeVersion = "MIME-Version",
    MinExpires = "Min-Expires",
    MinSe = "Min-SE",
    Organization = "Organization",
    PAccessNetworkInfo = "P-Access-Network-Info",
    PAssertedIdentity = "P-Asserted-Identity",
    PChargingVector = "P-Charging-Vector",
    PPreferredIdentity = "P-Preferred-Identity",
    Path = "Path",
    Priority = "Priority",
    Privacy = "Privacy",
    ProxyAuthenticate = "Proxy-Authenticate",
    ProxyAuthorization = "Proxy-Authorization",
    ProxyRequire = "Proxy-Require",
    RAck = "RAck",
    RSeq = "RSeq",
    Reason = "Reason",
    ReferSub = "Refer-Sub",
    ReferTo = "Refer-To" | "r",
    ReferredBy = "Referred-By" | "b",
    RejectContact = "Reject-Contact" | "j",
    RemotePartyId = "Remote-Party-ID",
    Replaces = "Replaces",
    ReplyTo = "Reply-To",
    RequestDisposition = "Request-Disposition" | "d",
    Require = "Require",
    RetryAfter = "Retry-After",
    Server = "Server",
    ServiceRoute = "Service-Route",
    SessionExpires = "Session-Expires" | "x",
    SipETag = "SIP-ETag",
    SipIfMatch = "SIP-If-Match",
    Subject = "Subject" | "s",
    SubscriptionState = "Subscription-State",
    TargetDialog = "Target-Dialog",
    Timestamp = "Timestamp",
    Unsupported = "Unsupported",
    Warning = "Warning",
    WwwAuthenticate = "WWW-Authenticate",
}

impl PartialEq for HeaderName {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Other(one), Self::Other(two)) => one.eq_ignore_ascii_case(two),
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}

impl Eq for HeaderName {}

impl Hash for HeaderName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().bytes().for_each(|byte| state.write_u8(byte.to_ascii_lowercase()));
    }
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One header field: a name and its value without folding. The value holds no CR and no LF.
#[derive(Clone, PartialEq, Eq)]
pub struct Header {
    name: HeaderName,
    value: Bytes,
}

impl Header {
    /// A field. CR, LF and NUL in `value` become spaces, so no further field can be smuggled in.
    pub fn new(name: HeaderName, value: impl Into<String>) -> Self {
        let value: String = value.into();
        let is_odd = |byte: u8| matches!(byte, b'\r' | b'\n' | b'\0');
        let value = if value.bytes().fold(false, |odd, byte| odd | is_odd(byte)) {
            value.replace(['\r', '\n', '\0'], " ")
        } else {
            value
        };
        Self { name, value: Bytes::from(value) }
    }

    /// A field of the wire, already unfolded and free of line ends.
    pub(super) const fn from_wire(name: HeaderName, value: Bytes) -> Self {
        Self { name, value }
    }

    /// The name.
    pub const fn name(&self) -> &HeaderName {
        &self.name
    }

    /// The value as bytes.
    pub fn value(&self) -> &[u8] {
        &self.value
    }

    /// The value as text; `None` if it is not UTF-8.
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.value).ok()
    }
}

/// Shows the name only: values name people.
impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ‹{} bytes›", self.name, self.value.len())
    }
}

/// The header fields of a message in their order. Content-Length is not among them: printing adds it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Headers(Vec<Header>);

/// More values in one comma-separated header are refused.
pub const MAX_VALUES: usize = 64;

impl Headers {
    /// No fields.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self(Vec::with_capacity(capacity))
    }

    pub(super) fn push_wire(&mut self, header: Header) {
        self.0.push(header);
    }

    /// Appends a field.
    pub fn push(&mut self, name: HeaderName, value: impl Into<String>) {
        if name != HeaderName::ContentLength {
            self.0.push(Header::new(name, value));
        }
    }

    /// Puts a field before all others.
    pub fn push_front(&mut self, name: HeaderName, value: impl Into<String>) {
        self.0.insert(0, Header::new(name, value));
    }

    /// Appends a field as it is.
    pub fn push_header(&mut self, header: Header) {
        self.0.push(header);
    }

    /// Replaces the first field of that name, or appends one; further ones of the name are removed.
    pub fn set(&mut self, name: HeaderName, value: impl Into<String>) {
        let Some(at) = self.0.iter().position(|header| header.name == name) else {
            return self.push(name, value);
        };
        let header = Header::new(name, value);
        let mut index = 0;
        self.0.retain(|known| {
            index += 1;
            index <= at + 1 || known.name != header.name
        });
        if let Some(place) = self.0.get_mut(at) {
            *place = header;
        }
    }

    /// Removes all fields of that name; says whether there were any.
    pub fn remove(&mut self, name: &HeaderName) -> bool {
        self.retain(|header| header.name != *name)
    }

    /// Keeps the fields `keep` holds for; says whether any went.
    pub fn retain(&mut self, keep: impl FnMut(&Header) -> bool) -> bool {
        let before = self.0.len();
        self.0.retain(keep);
        self.0.len() < before
    }

    /// All fields in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Header> {
        self.0.iter()
    }

    /// The fields of that name in order.
    pub fn all<'a, 'n>(&'a self, name: &'n HeaderName) -> impl Iterator<Item = &'a Header> + use<'a, 'n> {
        self.0.iter().filter(move |header| header.name == *name)
    }

    /// The number of fields.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a field of that name is there.
    pub fn contains(&self, name: &HeaderName) -> bool {
        self.all(name).next().is_some()
    }

    /// The text of the first field of that name.
    ///
    /// # Errors
    /// If it is not UTF-8.
    pub fn text(&self, name: &HeaderName) -> Result<Option<&str>, HeaderError> {
        self.all(name).next().map(text_of).transpose()
    }

    /// The comma-separated values of all fields of that name, in order (RFC 3261 §7.3.1).
    ///
    /// # Errors
    /// If one is not UTF-8, empty between commas, or there are more than [`MAX_VALUES`].
    pub fn values(&self, name: &HeaderName) -> Result<Vec<&str>, HeaderError> {
        let mut values = Vec::new();
        for header in self.all(name) {
            let text = text_of(header)?;
            // An empty Supported or Allow is well-formed and lists nothing.
            if text.is_empty() {
                continue;
            }
            for value in token::split(text, b',') {
                if value.is_empty() || values.len() == MAX_VALUES {
                    return Err(malformed(name));
                }
                values.push(value);
            }
        }
        Ok(values)
    }

    /// The topmost Via.
    ///
    /// # Errors
    /// If it is missing or malformed.
    pub fn via(&self) -> Result<Via, HeaderError> {
        let text = self.text(&HeaderName::Via)?.ok_or_else(|| missing(&HeaderName::Via))?;
        let first = token::split(text, b',').next().unwrap_or_default();
        Via::parse(first).ok_or_else(|| malformed(&HeaderName::Via))
    }

    /// Replaces the topmost Via.
    pub(crate) fn set_top_via(&mut self, via: &Via) {
        if let Some(header) = self.0.iter_mut().find(|header| header.name == HeaderName::Via) {
            let rest = header.text().and_then(|text| {
                token::find(text, |byte| byte == b',').and_then(|at| text.get(at..).map(str::to_owned))
            });
            *header = Header::new(HeaderName::Via, format!("{via}{}", rest.unwrap_or_default()));
        }
    }

    /// The From header.
    ///
    /// # Errors
    /// If it is missing, repeated or malformed.
    pub fn from(&self) -> Result<NameAddr, HeaderError> {
        self.single(&HeaderName::From, NameAddr::parse)
    }

    /// The To header.
    ///
    /// # Errors
    /// If it is missing, repeated or malformed.
    pub fn to(&self) -> Result<NameAddr, HeaderError> {
        self.single(&HeaderName::To, NameAddr::parse)
    }

    /// The CSeq header.
    ///
    /// # Errors
    /// If it is missing, repeated or malformed.
    pub fn cseq(&self) -> Result<CSeq, HeaderError> {
        self.single(&HeaderName::CSeq, CSeq::parse)
    }

    /// The Call-ID header.
    ///
    /// # Errors
    /// If it is missing, repeated, empty or holds white space.
    pub fn call_id(&self) -> Result<&str, HeaderError> {
        let mut all = self.all(&HeaderName::CallId);
        let header = all.next().ok_or_else(|| missing(&HeaderName::CallId))?;
        if all.next().is_some() {
            return Err(HeaderError { header: HeaderName::CallId, problem: Problem::Repeated });
        }
        let text = text_of(header)?;
        if text.is_empty() || text.contains([' ', '\t']) {
            Err(malformed(&HeaderName::CallId))
        } else {
            Ok(text)
        }
    }

    /// The addresses of Contact, Route, Record-Route or another list of name-addr values.
    ///
    /// # Errors
    /// If one is malformed.
    pub fn addresses(&self, name: &HeaderName) -> Result<Vec<NameAddr>, HeaderError> {
        let values = self.values(name)?;
        values.into_iter().map(|value| NameAddr::parse(value).ok_or_else(|| malformed(name))).collect()
    }

    /// The first Contact, if any.
    ///
    /// # Errors
    /// If it is malformed.
    pub fn contact(&self) -> Result<Option<NameAddr>, HeaderError> {
        Ok(self.addresses(&HeaderName::Contact)?.into_iter().next())
    }

    /// Max-Forwards, if any.
    ///
    /// # Errors
    /// If it is no number from 0 to 255.
    pub fn max_forwards(&self) -> Result<Option<u8>, HeaderError> {
        let number = self.number(&HeaderName::MaxForwards)?;
        number.map(|number| u8::try_from(number).map_err(|_| malformed(&HeaderName::MaxForwards))).transpose()
    }

    /// A header that is one number of seconds or the like: Expires, Min-Expires, Max-Forwards.
    ///
    /// # Errors
    /// If it is no number below 2³².
    pub fn number(&self, name: &HeaderName) -> Result<Option<u32>, HeaderError> {
        let text = self.text(name)?;
        text.map(|text| token::decimal(text).ok_or_else(|| malformed(name))).transpose()
    }

    /// Content-Type, if any.
    ///
    /// # Errors
    /// If it is malformed.
    pub fn content_type(&self) -> Result<Option<ContentType>, HeaderError> {
        let text = self.text(&HeaderName::ContentType)?;
        text.map(|text| ContentType::parse(text).ok_or_else(|| malformed(&HeaderName::ContentType)))
            .transpose()
    }

    /// The Reason values that can be read, in order.
    pub fn reasons(&self) -> Vec<Reason> {
        self.values(&HeaderName::Reason).unwrap_or_default().into_iter().filter_map(Reason::parse).collect()
    }

    /// Whether the list header `name` holds `token`, without regard to case.
    pub fn lists(&self, name: &HeaderName, token: &str) -> bool {
        self.values(name).unwrap_or_default().iter().any(|value| value.eq_ignore_ascii_case(token))
    }

    fn single<T>(&self, name: &HeaderName, parse: impl Fn(&str) -> Option<T>) -> Result<T, HeaderError> {
        let mut all = self.all(name);
        let header = all.next().ok_or_else(|| missing(name))?;
        if all.next().is_some() {
            return Err(HeaderError { header: name.clone(), problem: Problem::Repeated });
        }
        parse(text_of(header)?).ok_or_else(|| malformed(name))
    }
}

impl<'a> IntoIterator for &'a Headers {
    type Item = &'a Header;
    type IntoIter = std::slice::Iter<'a, Header>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

fn text_of(header: &Header) -> Result<&str, HeaderError> {
    header.text().ok_or_else(|| malformed(&header.name))
}

fn missing(name: &HeaderName) -> HeaderError {
    HeaderError { header: name.clone(), problem: Problem::Missing }
}

fn malformed(name: &HeaderName) -> HeaderError {
    HeaderError { header: name.clone(), problem: Problem::Malformed }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compact_and_odd_case_names_are_the_same_header() {
        for (text, name) in
            [("V", HeaderName::Via), ("content-TYPE", HeaderName::ContentType), ("k", HeaderName::Supported)]
        {
            assert_eq!(HeaderName::parse(text), Some(name));
        }
        assert_eq!(HeaderName::parse("x-foo"), Some(HeaderName::Other("X-Foo".into())));
        assert_eq!(HeaderName::parse("X Foo"), None);
        assert_eq!(HeaderName::parse(""), None);
    }

    #[test]
    fn a_value_cannot_smuggle_a_line() {
        let header = Header::new(HeaderName::Subject, "hi\r\nX-Evil: 1");
        assert_eq!(header.text(), Some("hi  X-Evil: 1"));
    }

    #[test]
    fn setting_replaces_all_of_the_name() {
        let mut headers = Headers::new();
        for name in [HeaderName::Expires, HeaderName::Subject, HeaderName::Expires] {
            headers.push(name, "1");
        }
        headers.set(HeaderName::Expires, "2");
        assert_eq!(headers.len(), 2);
        assert_eq!(headers.number(&HeaderName::Expires), Ok(Some(2)));
    }
}

//! As much of SIP's wire format as a load generator needs: it reads what our own phones and well-behaved servers say,
//! so it looks for lines and parses nothing else.

/// A received message.
#[derive(Debug, Clone, Copy)]
pub struct Wire<'a> {
    text: &'a str,
}

impl<'a> Wire<'a> {
    /// The head of a datagram; `None` if it is not text.
    pub fn of(datagram: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(datagram).ok()?;
        let end = text.find("\r\n\r\n")?;
        Some(Self { text: text.get(..end + 2)? })
    }

    /// The status of a response.
    pub fn status(self) -> Option<u16> {
        self.text.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
    }

    /// The method of a request.
    pub fn method(self) -> &'a str {
        self.text.split(' ').next().unwrap_or_default()
    }

    /// The values of a header, line by line.
    pub fn all(self, name: &'static str) -> impl Iterator<Item = &'a str> {
        self.text.split("\r\n").skip(1).filter_map(move |line| {
            let (key, value) = line.split_at_checked(name.len())?;
            let value = value.strip_prefix(':').filter(|_| key.eq_ignore_ascii_case(name))?;
            Some(value.trim())
        })
    }

    /// The first value of a header.
    pub fn first(self, name: &'static str) -> Option<&'a str> {
        self.all(name).next()
    }

    /// The number and the method of CSeq.
    pub fn cseq(self) -> Option<(u32, &'a str)> {
        let (number, method) = self.first("CSeq")?.split_once(' ')?;
        Some((number.parse().ok()?, method))
    }

    /// The URI of the Contact.
    pub fn contact(self) -> Option<&'a str> {
        let value = self.first("Contact")?;
        match value.split_once('<') {
            Some((_, rest)) => rest.split('>').next(),
            None => value.split(';').next(),
        }
    }
}

/// A response to `request` with its mandatory headers (RFC 3261 §8.2.6.2), a To tag, and `extra` header lines.
pub fn response(request: Wire<'_>, status: &str, tag: &str, extra: &str, body: &str) -> Vec<u8> {
    let mut out = String::with_capacity(1200);
    out.push_str("SIP/2.0 ");
    out.push_str(status);
    out.push_str("\r\n");
    let mut line = |name: &str, value: &str, tail: &str| {
        for part in [name, ": ", value, tail, "\r\n"] {
            out.push_str(part);
        }
    };
    for name in ["Via", "Record-Route", "From", "To", "Call-ID", "CSeq"] {
        for value in request.all(name) {
            let untagged = name == "To" && !value.contains(";tag=");
            line(name, value, if untagged { tag } else { "" });
        }
    }
    out.push_str(extra);
    out.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    out.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_whatever_their_case() {
        let text = "INVITE sip:1@h SIP/2.0\r\nvia: a\r\nVia: b\r\nTo: <sip:1@h>\r\nCSeq: 7 INVITE\r\nContact: <sip:x@y;z>;q=1\r\n\r\nbody";
        let wire = Wire::of(text.as_bytes()).expect("a head");
        assert_eq!(wire.all("Via").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!((wire.method(), wire.cseq(), wire.status()), ("INVITE", Some((7, "INVITE")), None));
        assert_eq!(wire.contact(), Some("sip:x@y;z"));
        let answer = response(wire, "200 OK", ";tag=t", "", "");
        assert!(String::from_utf8(answer).expect("text").contains("To: <sip:1@h>;tag=t\r\n"));
    }
}

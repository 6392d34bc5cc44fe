//! The lexical ground rules of SIP header values (RFC 3261 §25.1): tokens, quoted strings, lists.

/// Whether `byte` may stand in a token.
pub(crate) const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~')
}

/// Whether `text` is a token: not empty, token characters only.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_byte)
}

/// `text` without linear white space at its ends (lines are unfolded already).
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// The parts of `text` between separators that stand neither in a quoted string nor in angle brackets.
/// Yields at least one part. Parts are trimmed.
pub(crate) fn split(text: &str, separator: u8) -> Split<'_> {
    Split { rest: Some(text), separator }
}

/// See [`split`].
#[derive(Debug, Clone)]
pub(crate) struct Split<'a> {
    rest: Option<&'a str>,
    separator: u8,
}

impl<'a> Iterator for Split<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let text = self.rest.take()?;
        match find(text, |byte| byte == self.separator).and_then(|at| text.split_at_checked(at)) {
            Some((part, rest)) => {
                self.rest = rest.get(1..);
                Some(trim(part))
            }
            None => Some(trim(text)),
        }
    }
}

/// The first byte that satisfies `wanted` outside quoted strings and angle brackets. `wanted` must hold for
/// ASCII bytes only, so that the place found is a character boundary.
pub(crate) fn find(text: &str, wanted: impl Fn(u8) -> bool) -> Option<usize> {
    let (mut quoted, mut escaped, mut angle) = (false, false, false);
    for (at, byte) in text.bytes().enumerate() {
        if quoted {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => quoted = false,
                _ => {}
            }
        } else if !angle && wanted(byte) {
            return Some(at);
        } else {
            match byte {
                b'"' => quoted = true,
                b'<' => angle = true,
                b'>' => angle = false,
                _ => {}
            }
        }
    }
    None
}

/// Where the quoted string that starts `text` ends: the offset behind its closing quote.
pub(crate) fn quoted_end(text: &str) -> Option<usize> {
    let mut bytes = text.bytes().enumerate();
    if bytes.next()?.1 != b'"' {
        return None;
    }
    let mut escaped = false;
    for (at, byte) in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The content of a quoted string with its escapes resolved; any other text as it is.
pub(crate) fn unquote(text: &str) -> String {
    let Some(inner) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return text.to_owned();
    };
    let mut plain = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' => plain.extend(chars.next()),
            _ => plain.push(char),
        }
    }
    plain
}

/// `text` as a quoted string. Control characters become spaces, so no line can be smuggled in.
pub(crate) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for char in text.chars() {
        match char {
            '"' | '\\' => quoted.extend(['\\', char]),
            _ if char.is_control() => quoted.push(' '),
            _ => quoted.push(char),
        }
    }
    quoted.push('"');
    quoted
}

/// A decimal number of at most ten digits and nothing else.
pub(crate) fn decimal(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.len() <= 10 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_inside_quotes_and_brackets_do_not_split() {
        let parts: Vec<_> = split(r#""a, \", b" <sip:x,y@h> , c ,"#, b',').collect();
        assert_eq!(parts, [r#""a, \", b" <sip:x,y@h>"#, "c", ""]);
    }

    #[test]
    fn quoting_and_unquoting_agree_and_controls_vanish() {
        assert_eq!(unquote(&quote(r#"a "b" \c"#)), r#"a "b" \c"#);
        assert_eq!(quote("a\r\nX: y"), "\"a  X: y\"");
        assert_eq!(quoted_end(r#""a\"b" c"#), Some(6));
        assert_eq!(quoted_end(r#""open"#), None);
    }

    #[test]
    fn numbers_are_digits_only() {
        assert_eq!(decimal("4294967295"), Some(u32::MAX));
        for bad in ["", "+1", "-1", "4294967296", "1 ", "00000000001"] {
            assert_eq!(decimal(bad), None, "{bad}");
        }
    }
}

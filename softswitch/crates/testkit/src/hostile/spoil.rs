//! The ways to spoil a message.

use ringdown_types::{Random, SeededRandom};

use super::{MARK, message::Base};

type Headers = Vec<(String, String)>;

/// What does not belong into a value.
fn intruders() -> Vec<(&'static str, String)> {
    let mut all: Vec<(&str, String)> = [
        ("nothing", ""),
        ("space", "   "),
        ("format", "%s%s%n%x%p%99999d"),
        ("shell", "$(reboot);`id`|x&"),
        ("sql", "'; DROP TABLE calls;--"),
        ("script", "<script>alert(1)</script>"),
        ("path", "../../../../etc/passwd"),
        ("channel variables", "{a=b}${c}[d]"),
        ("not a number", "NaN"),
        ("negative", "-1"),
        ("hexadecimal", "0x7fffffff"),
        ("31 bits", "2147483648"),
        ("32 bits", "4294967296"),
        ("64 bits", "18446744073709551616"),
        ("exponent", "1e999"),
        ("fullwidth digits", "１２３"),
        ("a quote", "\""),
        ("an escape at the end", "\"a\\"),
        ("a bracket", "<"),
        ("brackets the wrong way round", ">sip:a@b<"),
        ("a comma", ",,,,"),
        ("semicolons", ";;;;=;=;"),
        ("a cut escape", "<sip:a%@b>"),
        ("a bad escape", "<sip:a%zz%0@b>"),
        ("an escaped null", "<sip:%00@b>"),
        ("escaped line ends", "<sip:a%0d%0aX:y@b>"),
        ("no host", "<sip:a@>"),
        ("a port too large", "<sip:a@b:65536>"),
        ("an endless port", "<sip:a@b:999999999999999999999>"),
        ("an address cut", "<sip:a@[2001:db8::>"),
        ("three colons", "<sip:a@[2001:::1]>"),
        ("another scheme", "<javascript:alert(1)>"),
        ("no scheme", "<a@b>"),
        ("a wildcard", "*"),
        ("direction marks", "\u{202e}\u{200b}\u{feff}"),
        ("emoji", "👩‍👩‍👧‍👦👩‍👩‍👧‍👦"),
    ]
    .map(|(what, text)| (what, text.to_owned()))
    .to_vec();
    for length in [255, 1_025, 2_049, 8_191, 8_193, 30_000] {
        all.push(("long", "a".repeat(length)));
    }
    all.push(("long digits", "9".repeat(5_000)));
    all.push(("many parameters", format!("<sip:a@b>{}", ";p=v".repeat(1_000))));
    all.push(("many values", "<sip:a@b>, ".repeat(300)));
    all.push(("nested quotes", "\"\\\"".repeat(500)));
    all.push(("nested brackets", "<".repeat(500)));
    all.push(("nested comments", "(".repeat(2_000)));
    all
}

/// Spoils every header's value.
pub(super) fn values(base: &Base, add: &mut impl FnMut(String, Vec<u8>)) {
    let intruders = intruders();
    for (index, (name, value)) in base.headers.iter().enumerate() {
        for (what, intruder) in &intruders {
            add(format!("{name}: {what}"), base.with_value(index, intruder));
        }
        for (what, intruder) in intruders.iter().step_by(3) {
            add(format!("{name}: {what} behind"), base.with_value(index, &format!("{value}{intruder}")));
        }
        for bytes in [&b"\xff\xfe"[..], b"\xc0\x80", b"\xed\xa0\x80", b"\x00", b"\x07", b"\xf5\x80\x80\x80"] {
            let spoiled = base.with_value(index, "@@@@");
            add(format!("{name}: bytes {bytes:?}"), super::replace(&spoiled, b"@@@@", bytes));
        }
    }
}

/// Leaves headers out, repeats, folds, renames and smuggles them.
pub(super) fn headers(base: &Base, add: &mut impl FnMut(String, Vec<u8>)) {
    for (index, (name, value)) in base.headers.iter().enumerate() {
        let mut one = |what: &str, change: &dyn Fn(&mut Headers)| {
            let mut headers = base.headers.clone();
            change(&mut headers);
            add(format!("{name} {what}"), base.with_headers(&headers));
        };
        one("missing", &|headers| drop(headers.remove(index)));
        one("twice", &|headers| headers.insert(index, (name.clone(), value.clone())));
        one("twice, otherwise", &|headers| headers.push((name.clone(), "<sip:x@y>".into())));
        one("very often", &|headers| headers.extend(vec![(name.clone(), value.clone()); 200]));
        one("with spaces", &|headers| headers[index].0 = format!("{name} \t "));
        one("in capitals", &|headers| headers[index].0 = name.to_uppercase());
        one("as nothing", &|headers| headers[index].0 = String::new());
        one("with a space in it", &|headers| headers[index].0 = format!("{} {}", &name[..1], &name[1..]));
        one("with a null", &|headers| headers[index].0 = format!("{name}\0"));
        one("compact, by chance", &|headers| headers[index].0 = name[..1].to_lowercase());
        one("folded", &|headers| headers[index].1 = value.replace(' ', "\r\n "));
        one("folded a lot", &|headers| headers[index].1 = format!("{}{value}", "\r\n\t".repeat(3_000)));
        one("folded and empty", &|headers| headers[index].1 = "\r\n \r\n \r\n ".into());
        for line_end in ["\n", "\r", "\r\r\n", "\n\r", "\u{2028}", "\u{85}", "%0d%0a"] {
            let smuggled = format!("{value}{line_end}P-Asserted-Identity: <sip:boss@x>{line_end}X: y");
            one(&format!("with a header smuggled by {line_end:?}"), &|h| h[index].1.clone_from(&smuggled));
        }
    }
    for name in
        ["P-Asserted-Identity", "p-asserted-identity \t", "X-Ringdown-User", "Remote-Party-ID", "Route"]
    {
        let mut headers = base.headers.clone();
        headers.insert(0, (name.to_owned(), "<sip:boss@example.test>".to_owned()));
        add(format!("{name} in front"), base.with_headers(&headers));
    }
    for count in [127, 128, 129, 2_000] {
        let mut headers = base.headers.clone();
        headers.extend((0..count).map(|number| (format!("X-{number}"), "y".to_owned())));
        add(format!("{count} more headers"), base.with_headers(&headers));
    }
    for tag in ["100rel", "x".repeat(3_000).as_str(), "a,b,c,d", ",,,", "\"100rel\""] {
        for name in ["Require", "Proxy-Require", "Content-Encoding", "Accept"] {
            let mut headers = base.headers.clone();
            headers.push((name.to_owned(), tag.to_owned()));
            add(format!("{name} of {tag:.20}"), base.with_headers(&headers));
        }
    }
}

/// Lies about the length.
pub(super) fn lengths(base: &Base, add: &mut impl FnMut(String, Vec<u8>)) {
    let right = format!("Content-Length: {}\r\n", base.body.len());
    let mut lie = |what: &str, lines: &str| {
        add(format!("length {what}"), super::replace(&base.bytes(), right.as_bytes(), lines.as_bytes()));
    };
    lie("missing", "");
    for value in [
        "-1",
        "+1",
        "1",
        "0",
        "99999",
        "2147483647",
        "2147483648",
        "4294967295",
        "18446744073709551615",
        "0x10",
        "1e3",
        "",
        " ",
        "five",
        "1 1",
        "1,1",
        "1;2",
        "00000000000000000000000001",
        "1\0",
        "\"1\"",
        "１",
    ] {
        lie(&format!("{value:?}"), &format!("Content-Length: {value}\r\n"));
        lie(&format!("compact {value:?}"), &format!("l: {value}\r\n"));
        lie(&format!("{value:?} and right"), &format!("Content-Length: {value}\r\n{right}"));
        lie(&format!("right and {value:?}"), &format!("{right}l: {value}\r\n"));
    }
    for offset in [-2_i64, -1, 1, 2, 100] {
        let wrong = base.body.len() as i64 + offset;
        lie(&format!("off by {offset}"), &format!("Content-Length: {wrong}\r\n"));
    }
}

/// Plays with line ends, and cuts messages.
pub(super) fn line_ends(base: &Base, add: &mut impl FnMut(String, Vec<u8>)) {
    let right = base.bytes();
    for (what, to) in [
        ("LF", &b"\n"[..]),
        ("CR", b"\r"),
        ("CR CR LF", b"\r\r\n"),
        ("LF CR", b"\n\r"),
        ("null", b"\0"),
        ("CR LF CR LF", b"\r\n\r\n"),
        ("CR LF null", b"\r\n\0"),
    ] {
        add(format!("{what} everywhere"), super::replace(&right, b"\r\n", to));
        let first = right.windows(2).position(|pair| pair == b"\r\n").unwrap_or_default();
        add(format!("{what} once"), [&right[..first], to, &right[first + 2..]].concat());
    }
    for before in [&b"\r\n"[..], b"\r\n\r\n\r\n", b"\n", b"\0\0\0\0", b" ", b"\xef\xbb\xbf"] {
        add(format!("{before:?} in front"), [before, &right].concat());
    }
    add(
        "without its last line end".into(),
        right[..right.len().saturating_sub(base.body.len() + 2)].to_vec(),
    );
    add("twice in one datagram".into(), [&right[..], &right].concat());
    for end in (1..right.len()).step_by(23) {
        add(format!("cut after {end}"), right[..end].to_vec());
    }
}

/// Spoils the start line.
pub(super) fn start_lines(base: &Base, add: &mut impl FnMut(String, Vec<u8>)) {
    let (method, uri) = (base.method, &base.uri);
    let long = "a".repeat(9_000);
    for start in [
        String::new(),
        " ".into(),
        method.into(),
        format!("{method} {uri}"),
        format!("{method}  {uri}  SIP/2.0"),
        format!("{method} {uri} SIP/2.0 "),
        format!(" {method} {uri} SIP/2.0"),
        format!("{method}\t{uri}\tSIP/2.0"),
        format!("{method} <{uri}> SIP/2.0"),
        format!("{method} {uri}; lr SIP/2.0"),
        format!("{method} {uri}?Route=%3Csip:x%3E SIP/2.0"),
        format!("{method} {uri} SIP/3.0"),
        format!("{method} {uri} SIP/2"),
        format!("{method} {uri} sip/2.0"),
        format!("{method} {uri} HTTP/1.1"),
        format!("{method} {uri} SIP/99999999999.0"),
        format!("{} {uri} SIP/2.0", method.to_lowercase()),
        format!("{method}\0 {uri} SIP/2.0"),
        format!("{long} {uri} SIP/2.0"),
        format!("{method} sip:{long}@x SIP/2.0"),
        format!("{method} sip:x@{long} SIP/2.0"),
        format!("{method} sip:x@y;{long} SIP/2.0"),
        format!("{method} tel:+{} SIP/2.0", "1".repeat(3_000)),
        format!("{method} sip: SIP/2.0"),
        format!("{method} sip:@ SIP/2.0"),
        format!("{method} sip:a@b@c SIP/2.0"),
        format!("{method} sip:a:b:c@d SIP/2.0"),
        format!("{method} sip:[::1 SIP/2.0"),
        format!("{method} sip:%s%n@%x SIP/2.0"),
        format!("{method} mailto:a@b SIP/2.0"),
        format!("{method} sips:102@x SIP/2.0"),
        format!("{method} * SIP/2.0"),
        format!("{method} / SIP/2.0"),
        "SIP/2.0 200 OK".into(),
        "SIP/2.0 -1 OK".into(),
        "SIP/2.0 4294967496 OK".into(),
        "SIP/2.0 999".into(),
        "SIP/2.0 100 ".into(),
        format!("SIP/2.0 486 {long}"),
        "GET / HTTP/1.1".into(),
    ] {
        let what = format!("starts {start:.60}");
        let spoiled = Base { start, ..base.clone() };
        add(what, spoiled.bytes());
    }
}

/// Spoils credentials.
pub(super) fn credentials(base: &Base, add: &mut impl FnMut(String, Vec<u8>)) {
    let Some(index) = base.headers.iter().position(|(_, value)| value == MARK) else { return };
    let right = "Digest username=\"101\", realm=\"example.test\", nonce=\"n\", uri=\"sip:x\", response=\"r\", \
        algorithm=SHA-256, qop=auth, cnonce=\"c\", nc=00000001";
    let long = "x".repeat(7_000);
    for (from, to) in [
        ("Digest ", "digest "),
        ("Digest ", "Basic "),
        ("Digest ", "Digest"),
        ("\"101\"", "\""),
        ("\"101\"", "\"\""),
        ("\"101\"", "101"),
        ("\"101\"", "\"\\\"\\\\\""),
        ("\"101\"", "\"a:b\""),
        ("\"101\"", "\"%s%n\""),
        ("\"101\"", long.as_str()),
        ("username", "username*"),
        ("SHA-256", "SHA-512-256"),
        ("SHA-256", "MD5-sess"),
        ("SHA-256", long.as_str()),
        ("00000001", "1"),
        ("00000001", "ffffffffffffffff"),
        ("00000001", "-1"),
        ("00000001", "00000000"),
        ("qop=auth", "qop=auth-int"),
        ("qop=auth", "qop=\"auth,auth-int\""),
        ("qop=auth", "qop="),
        ("\"r\"", "\"\""),
        ("\"n\"", "\"\""),
        ("\"n\"", "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\""),
        ("\"sip:x\"", "\"\""),
        ("\"sip:x\"", "\"*\""),
        (", ", ",,,,"),
        (", ", " "),
        ("=", "=="),
        ("=", " = "),
    ] {
        let value = right.replace(from, to);
        add(format!("credentials: {to:.30} for {from}"), base.with_value(index, &value));
        add(
            format!("credentials and {to:.30}"),
            base.with_value(index, &format!("{MARK}\r\nAuthorization: {value}")),
        );
    }
}

/// Changes bytes here and there.
pub(super) fn at_random(base: &Base, random: &mut SeededRandom, add: &mut impl FnMut(String, Vec<u8>)) {
    let right = base.bytes();
    for round in 0..60 {
        let mut bytes = right.clone();
        for _ in 0..=random.u32() % 8 {
            let at = random.u32() as usize % bytes.len();
            let to = (at + random.u32() as usize % 40).min(bytes.len());
            match random.u32() % 5 {
                0 => bytes[at] = random.u32() as u8,
                1 => drop(bytes.drain(at..to)),
                2 => {
                    let piece = bytes[at..to].to_vec();
                    bytes.splice(at..at, piece);
                }
                3 => bytes[at] = b",;:<>\"\\=@ \r\n\0%"[random.u32() as usize % 14],
                _ => bytes.insert(at, random.u32() as u8),
            }
            if bytes.is_empty() {
                break;
            }
        }
        add(format!("random {round}"), bytes);
    }
}

//! Session descriptions and other bodies, spoiled.

use super::message::{Base, SDP};

/// Adds spoiled bodies, for messages that have one.
pub(super) fn descriptions(base: &Base, add: &mut impl FnMut(String, Vec<u8>)) {
    if base.body.is_empty() {
        return;
    }
    let mut body = |what: &str, body: &str| add(format!("body: {what}"), base.with_body(body));
    for end in (0..base.body.len()).step_by(7) {
        body("cut", &base.body[..end]);
    }
    for (what, text) in
        [("nulls", "\0".repeat(300)), ("format", "%s%n".repeat(99)), ("deep", "<a>".repeat(5_000))]
    {
        body(what, &text);
    }
    if base.body != SDP {
        return;
    }
    let lines: Vec<&str> = SDP.split_inclusive("\r\n").collect();
    for index in 0..lines.len() {
        let mut without = lines.clone();
        without.remove(index);
        body("a line missing", &without.concat());
        let mut twice = lines.clone();
        twice.insert(index, lines[index]);
        body("a line twice", &twice.concat());
        let mut last = lines.clone();
        let line = last.remove(index);
        last.push(line);
        body("a line at the end", &last.concat());
        for times in [100, 5_000] {
            let mut many = lines.clone();
            let repeated = lines[index].repeat(times);
            many[index] = &repeated;
            body("a line very often", &many.concat());
        }
        for value in VALUES {
            let spoiled = format!("{}{value}\r\n", &lines[index][..2]);
            let mut other = lines.clone();
            other[index] = &spoiled;
            body(&format!("{} {value:.40}", lines[index].trim_end()), &other.concat());
        }
    }
    for (from, to) in REPLACED {
        body(&format!("{to:.40} for {from}"), &SDP.replacen(from, to, 1));
    }
    for length in [100, 5_000, 60_000] {
        let long = "a".repeat(length);
        body("a long attribute", &format!("{SDP}a={long}\r\n"));
        body("a long format list", &SDP.replace(" 8 0 101", &" 8".repeat(length / 2)));
        body("a long session name", &SDP.replace("s=-", &format!("s={long}")));
        body("a long rtpmap", &SDP.replace("PCMA", &long));
    }
}

const VALUES: [&str; 14] = [
    "",
    " ",
    "-1",
    "99999999999999999999999999",
    "audio",
    "audio -5 RTP/AVP 8",
    "audio 65536 RTP/AVP 8",
    "audio 0 RTP/AVP 8",
    "audio 30000/9999999 RTP/AVP 8",
    "IN IP4 999.1.1.1",
    "IN IP6 ::::",
    "IN IP4 255.255.255.255/255/255",
    "rtpmap:999999 X/0/0",
    "crypto:1 AES_CM_128_HMAC_SHA1_80 inline:%s",
];

const REPLACED: [(&str, &str); 16] = [
    ("30000", "99999"),
    ("30000", "-1"),
    ("30000", "1"),
    ("RTP/AVP", "RTP/SAVPF"),
    ("RTP/AVP", "UDP/TLS/RTP/SAVPF"),
    ("RTP/AVP", "TCP/MSRP"),
    ("audio", "video"),
    ("audio", "application"),
    ("192.0.2.9", "0.0.0.0"),
    ("c=IN IP4 192.0.2.9", "c=IN IP4 224.0.0.1/127/3"),
    ("c=IN IP4 192.0.2.9", "c=IN IP6 ::1"),
    ("8 0 101", "127 128 255 256"),
    ("PCMA/8000", "PCMA/0"),
    ("PCMA/8000", "PCMA/99999999999"),
    ("0-16", "0-99999999"),
    ("ptime:20", "ptime:-1"),
];

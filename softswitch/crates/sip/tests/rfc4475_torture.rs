//! A handful of the torture messages of RFC 4475, and what an element that reads them answers.

mod support;

use ringdown_sip::message::{Datagram, HeaderName, Message, parse_datagram};
use support::{Net, ms, wire};

/// What a user agent that admits everything answers to one datagram: the status, if anything.
fn answer(text: &str) -> Option<u16> {
    answer_bytes(wire(text))
}

fn answer_bytes(bytes: bytes::Bytes) -> Option<u16> {
    let mut net = Net::udp();
    net.inject(support::stranger_address(), "bob", bytes);
    net.run(ms(300));
    match net.log.first().and_then(support::Sent::message) {
        Some(Message::Response(response)) => Some(response.status),
        _ => None,
    }
}

/// §3.1.1.1
const WSINV: &str = r#"INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0
TO :
 sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n
from   : "J Rosenberg \\\""       <sip:jdrosen@example.com>
  ;
  tag = 98asjd8
MaX-fOrWaRdS: 0068
Call-ID: wsinv.ndaksdj@192.0.2.1
Content-Length   : 4
cseq: 0009
  INVITE
Via  : SIP  /   2.0
 /UDP
    192.0.2.2;branch=390skdjuw
s :
NewFangledHeader:   newfangled value
 continued newfangled value
UnknownHeaderWithUnusualValue: ;;,,;;,;
Content-Type: application/sdp
Route:
 <sip:services.example.com;lr;unknownwith=value;unknown-no-value>
v:  SIP  / 2.0  / TCP     spindle.example.com   ;
  branch  =   z9hG4bK9ikj8  ,
 SIP  /    2.0   / UDP  192.168.255.111   ; branch=
 z9hG4bK30239
m:"Quoted string \"\"" <sip:jdrosen@example.com> ; newparam =
      newvalue ;
  secondparam ; q = 0.33

v=0
"#;

#[test]
fn a_short_tortuous_invite_is_understood() {
    let request = support::request(WSINV);
    let headers = &request.headers;
    assert_eq!(headers.to().map(|to| to.tag().map(str::to_owned)), Ok(Some("1918181833n".into())));
    assert_eq!(headers.from().map(|from| from.display), Ok(Some("J Rosenberg \\\"".into())));
    assert_eq!(headers.max_forwards(), Ok(Some(68)));
    assert_eq!(headers.cseq().map(|cseq| cseq.number), Ok(9));
    assert_eq!(headers.values(&HeaderName::Via).map(|vias| vias.len()), Ok(3));
    let contact = headers.contact().ok().flatten().expect("a Contact");
    assert_eq!(
        (contact.display.as_deref(), contact.params.get("q")),
        (Some("Quoted string \"\""), Some("0.33"))
    );
    let newfangled = HeaderName::Other("newfangledheader".into());
    assert_eq!(headers.text(&newfangled), Ok(Some("newfangled value continued newfangled value")));
    let unusual = HeaderName::Other("UnknownHeaderWithUnusualValue".into());
    assert_eq!(headers.text(&unusual), Ok(Some(";;,,;;,;")));
    assert_eq!(&request.body[..], b"v=0\r");
    // It claims a dialog that does not exist.
    assert_eq!(answer(WSINV), Some(481));
}

/// §3.1.1.2, with its control characters behind backslashes.
#[test]
fn an_unusual_method_is_understood_and_refused() {
    let text = "!interesting-Method0123456789_*+`.%indeed'~ sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*\
        :&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com SIP/2.0\n\
        Via: SIP/2.0/UDP host1.example.com;branch=z9hG4bK-.!%66*_+`'~\n\
        To: \"BEL:\\\u{7} NUL:\\\u{0} DEL:\\\u{7f}\" <sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@example.com>\n\
        From: token1~` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%=\"работающий\"\
        ;tag=_token~1'+`*%!-.\n\
        Call-ID: intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{\n\
        CSeq: 139122385 !interesting-Method0123456789_*+`.%indeed'~\n\
        Max-Forwards: 255\nextensionHeader-!.%*+_`'~:大停電\nContent-Length: 0\n\n";
    let request = support::request(text);
    assert_eq!(
        request.headers.from().map(|from| from.tag().map(str::to_owned)),
        Ok(Some("_token~1'+`*%!-.".into()))
    );
    let Ok(Datagram::Message(again)) = parse_datagram(&request.encode()) else {
        panic!("it prints as it was read")
    };
    assert_eq!(again, Message::Request(request));
    assert_eq!(answer(text), Some(501));
}

fn register(first_line: &str, extra: &str) -> String {
    format!(
        "{first_line}\nTo: <sip:user@example.com>\nFrom: <sip:user@example.com>;tag=f1\nMax-Forwards: 70\n\
         Call-ID: torture@192.0.2.1\nCSeq: 1 {}\nVia: SIP/2.0/UDP host5.example.com;branch=z9hG4bKkdjuw\n{extra}",
        first_line.split(' ').next().unwrap_or_default(),
    )
}

const OPTIONS: &str = "OPTIONS sip:user@example.com SIP/2.0";

#[test]
fn well_formed_oddities_are_served() {
    // §3.1.1.4: a null in a URI is escaped and harmless.
    let text = "REGISTER sip:example.com SIP/2.0\nTo: sip:null-%00-null@example.com\n\
        From: sip:null-%00-null@example.com;tag=839923423\nMax-Forwards: 70\nCall-ID: escnull.39203ndfvkjdas\n\
        CSeq: 14398234 REGISTER\nVia: SIP/2.0/UDP host5.example.com;branch=z9hG4bKkdjuw\n\
        Contact: <sip:%00@host5.example.com>\nContact: <sip:%00%00@host5.example.com>\nL:0\n\n";
    let request = support::request(text);
    assert_eq!(request.headers.addresses(&HeaderName::Contact).map(|all| all.len()), Ok(2));
    // §3.1.1.7: a request in the rest of the datagram is not a request.
    let double = register(OPTIONS, "Content-Length: 0\n\nINVITE sip:joe@example.com SIP/2.0\n\n");
    assert_eq!(answer(&double), Some(200));
    // §3.1.1.8: semicolons in the user part.
    assert_eq!(
        answer(&register("OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0", "l: 0\n\n")),
        Some(200)
    );
    // §3.1.1.12, §3.1.1.13: reason phrases of any kind, or none.
    for reason in ["= 2**3 * 5**2 но сто девяносто девять - простое", ""] {
        let text = register(&format!("SIP/2.0 200 {reason}"), "\n");
        let Ok(Datagram::Message(Message::Response(response))) = parse_datagram(&wire(&text)) else {
            panic!("{reason}")
        };
        assert_eq!(response.reason, reason);
    }
    // §3.3.13 OPTIONS at its last hop is answered by who has it.
    let last_hop = register(OPTIONS, "\n").replace("Max-Forwards: 70", "Max-Forwards: 0");
    assert_eq!(answer(&last_hop), Some(200));
}

#[test]
fn malformed_messages_are_400() {
    let to = |to: &str| register(OPTIONS, "\n").replace("To: <sip:user@example.com>", to);
    for (section, text) in [
        (
            "3.1.2.1 badinv01",
            register(OPTIONS, "\n").replace("branch=z9hG4bKkdjuw", "branch=z9hG4bKkdjuw;;,;,,"),
        ),
        ("3.1.2.2 clerr", register(OPTIONS, "Content-Length: 9999\n\nshort")),
        ("3.1.2.3 ncl", register(OPTIONS, "Content-Length: -999\n\n")),
        ("3.1.2.4 scalar02", register(OPTIONS, "\n").replace("CSeq: 1 ", "CSeq: 36893488147419103232 ")),
        ("3.1.2.4 scalar02", register(OPTIONS, "\n").replace("Max-Forwards: 70", "Max-Forwards: 300")),
        ("3.1.2.6 quotbal", to("To: \"Mr. J. User <sip:j.user@example.com>")),
        ("3.1.2.7 ltgtruri", register("OPTIONS <sip:user@example.com> SIP/2.0", "\n")),
        ("3.1.2.8 lwsruri", register("OPTIONS sip:user@example.com; lr SIP/2.0", "\n")),
        ("3.1.2.9 lwsstart", register("OPTIONS  sip:user@example.com  SIP/2.0", "\n")),
        ("3.1.2.10 trws", register("OPTIONS sip:user@example.com SIP/2.0  ", "\n")),
        (
            "3.1.2.11 escruri",
            register("OPTIONS sip:user@example.com?Route=%3Csip:example.com%3E SIP/2.0", "\n"),
        ),
        ("3.1.2.14 badaspec", to("To: \"Watson, Thomas\" < sip:t.watson@example.org > x")),
        ("3.1.2.15 baddn", to("To: Bell, Alexander <sip:a.g.bell@example.com>")),
        ("3.1.2.17 mismatch01", register(OPTIONS, "\n").replace("1 OPTIONS", "8 INVITE")),
        ("3.3.1 insuf", register(OPTIONS, "\n").replace("Call-ID: torture@192.0.2.1\n", "")),
        ("3.3.8 multi01", register(OPTIONS, "From: <sip:other@example.com>;tag=2\n\n")),
        ("3.3.9 mcl01", register(OPTIONS, "Content-Length: 0\nContent-Length: 5\n\nabcde")),
    ] {
        assert_eq!(answer(&text), Some(400), "{section}");
    }
}

#[test]
fn well_formed_requests_that_cannot_be_served() {
    for (section, text, status) in [
        ("3.1.2.16 badvers", register("OPTIONS sip:t.watson@example.org SIP/7.0", "\n"), 505),
        ("3.3.2 unkscm", register("OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0", "\n"), 416),
        ("3.3.3 novelsc", register("OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0", "\n"), 416),
        (
            "3.3.5 bext01",
            register(OPTIONS, "Require: nothingSupportsThis, nothingSupportsThisEither\n\n"),
            420,
        ),
        (
            "3.3.6 invut",
            register(
                "INVITE sip:user@example.com SIP/2.0",
                "Contact: <sip:u@h>\nContent-Type: application/unknownformat\n\n<audio/>",
            ),
            415,
        ),
    ] {
        assert_eq!(answer(&text), Some(status), "{section}");
    }
}

#[test]
fn responses_that_cannot_be_read_are_dropped() {
    // §3.1.2.19 bigcode, §3.1.2.3, and a response nobody asked for.
    for line in ["SIP/2.0 4294967301 better not break the receiver", "SIP/2.0 99 low", "SIP/2.0 200 OK"] {
        assert_eq!(
            answer(&register(line, "\n").replace("CSeq: 1 SIP/2.0", "CSeq: 1 OPTIONS")),
            None,
            "{line}"
        );
    }
}

/// §3.3.16: an INVITE of an RFC 2543 client, without branch and without tags that must be.
#[test]
fn an_old_client_is_served_and_its_ack_finds_its_invite() {
    let text = "INVITE sip:UserB@example.com SIP/2.0\nVia: SIP/2.0/UDP iftgw.example.com\n\
        From: <sip:+13035551111@ift.client.example.net;user=phone>\nTo: sip:+16505552222@ss1.example.net;user=phone\n\
        Call-ID: inv2543.1717@ift.client.example.com\nCSeq: 56 INVITE\nContact: <sip:u@192.0.2.9>\n\n";
    let mut net = Net::udp();
    net.inject(support::stranger_address(), "bob", wire(text));
    net.run(ms(50));
    let leg = net.bob().leg();
    net.with("bob", |agent, now| agent.reject(now, leg, 486, None)).expect("not answered");
    let Some(Message::Response(busy)) = net.log.last().and_then(support::Sent::message) else {
        panic!("486")
    };
    let to = busy.headers.text(&HeaderName::To).ok().flatten().unwrap_or_default().to_owned();
    let ack = text
        .replace("INVITE sip", "ACK sip")
        .replace("56 INVITE", "56 ACK")
        .replace("To: sip:+16505552222@ss1.example.net;user=phone", &format!("To: {to}"));
    net.inject(support::stranger_address(), "bob", wire(&ack));
    net.run(support::secs(2));
    assert_eq!(net.sent("486 INVITE"), 1, "the ACK ended the retransmissions");
    net.assert_clean();
}

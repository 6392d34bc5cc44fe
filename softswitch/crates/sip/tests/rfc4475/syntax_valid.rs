//! §3.1.1: messages that must be understood.

use ringdown_sip::message::{HeaderName, Method, Uri};

use crate::{
    case, request, response,
    torture::{
        Case, Element,
        Outcome::{Call, Dropped, Final},
        check,
    },
};

pub(crate) const CASES: &[Case] = &[
    // It claims a dialog (a To tag) that does not exist (RFC 3261 §12.2.2).
    case!("3.1.1.1", "wsinv", Final(481)),
    case!("3.1.1.2", "intmeth", Final(501)),
    case!("3.1.1.3", "esc01", Call),
    case!("3.1.1.4", "escnull", Final(200)),
    case!("3.1.1.5", "esc02", Final(501)),
    case!("3.1.1.6", "lwsdisp", Final(200)),
    case!("3.1.1.7", "longreq", Call),
    case!("3.1.1.8", "dblreq", Final(200)),
    case!("3.1.1.9", "semiuri", Final(200)),
    case!("3.1.1.10", "transports", Final(200)),
    // Well-formed; a user agent takes no multipart/mixed text.
    case!("3.1.1.11", "mpart01", Final(405)),
    // Responses nobody asked for.
    case!("3.1.1.12", "unreason", Dropped),
    case!("3.1.1.13", "noreason", Dropped),
];

#[test]
fn valid_messages_are_served() {
    check(CASES);
}

#[test]
fn a_short_tortuous_invite_is_understood() {
    let request = request(include_bytes!("messages/wsinv.sip"));
    let headers = &request.headers;
    let Uri::Sip(uri) = &request.uri else { panic!("a SIP URI") };
    assert!(uri.params.contains("unknownparam"));
    assert_eq!(headers.to().map(|to| to.tag().map(str::to_owned)), Ok(Some("1918181833n".into())));
    assert_eq!(headers.from().map(|from| from.display), Ok(Some(r#"J Rosenberg \""#.into())));
    assert_eq!(headers.max_forwards(), Ok(Some(68)));
    assert_eq!(headers.cseq().map(|cseq| cseq.number), Ok(9));
    assert_eq!(headers.values(&HeaderName::Via).map(|vias| vias.len()), Ok(3));
    let contact = headers.contact().ok().flatten().expect("a Contact");
    assert_eq!(
        (contact.display.as_deref(), contact.params.get("newparam"), contact.params.get("q")),
        (Some(r#"Quoted string """#), Some("newvalue"), Some("0.33"))
    );
    assert!(contact.params.contains("secondparam"));
    let text = |name: &str| headers.text(&HeaderName::parse(name).expect("a name"));
    assert_eq!(text("NewFangledHeader"), Ok(Some("newfangled value continued newfangled value")));
    assert_eq!(text("UnknownHeaderWithUnusualValue"), Ok(Some(";;,,;;,;")));
    assert_eq!(text("Subject"), Ok(Some("")));
    assert_eq!(request.body.len(), 150);
}

#[test]
fn every_character_a_token_may_have() {
    let request = request(include_bytes!("messages/intmeth.sip"));
    assert_eq!(request.method.as_str(), "!interesting-Method0123456789_*+`.%indeed'~");
    assert_eq!(request.headers.cseq().map(|cseq| cseq.method), Ok(request.method.clone()));
    let from = request.headers.from().expect("From");
    assert_eq!(from.display.as_deref(), Some("token1~` token2'+_ token3*%!.-"));
    assert_eq!(
        (from.tag(), from.params.get("fromParam''~+*_!.-%")),
        (Some("_token~1'+`*%!-."), Some("\"работающий\""))
    );
    assert_eq!(request.headers.to().map(|to| to.display), Ok(Some("BEL:\u{7} NUL:\0 DEL:\u{7f}".into())));
    assert_eq!(request.headers.call_id(), Ok(r#"intmeth.word%ZK-!.*_+'@word`~)(><:\/"][?}{"#));
    let extension = HeaderName::Other("extensionHeader-!.%*+_`'~".into());
    assert_eq!(request.headers.text(&extension), Ok(Some("\u{feff}大停電")));
    let mut element = Element::new();
    element.datagram(include_bytes!("messages/intmeth.sip"));
    assert!(element.responses[0].headers.contains(&HeaderName::Allow), "what is understood instead");
}

#[test]
fn escapes_mean_something_in_uris_and_nowhere_else() {
    let sip = |uri: &Uri| uri.sip().expect("a SIP URI").decoded_user();
    let esc01 = request(include_bytes!("messages/esc01.sip"));
    assert_eq!(sip(&esc01.uri).as_deref(), Some("sips:user@example.com"));
    assert_eq!(sip(&esc01.headers.to().expect("To").uri).as_deref(), Some("user"));
    assert_eq!(sip(&esc01.headers.from().expect("From").uri).as_deref(), Some("I have spaces"));
    let esc02 = request(include_bytes!("messages/esc02.sip"));
    assert_eq!(esc02.method, Method::Other("RE%47IST%45R".into()));
    assert_eq!(esc02.headers.to().map(|to| to.display), Ok(Some("%Z%45".into())));
    assert_eq!(
        esc02.headers.addresses(&HeaderName::Contact).map(|all| all.len()),
        Ok(2),
        "C%6Fntact is another header"
    );
    let semiuri = request(include_bytes!("messages/semiuri.sip"));
    let uri = semiuri.uri.sip().expect("a SIP URI");
    assert_eq!(uri.user.as_deref(), Some("user;par=u%40example.net"));
    // What is called is what stands before a parameter of the user part (docs/sip.md, deviations).
    assert_eq!((uri.decoded_user().as_deref(), uri.params.iter().count()), (Some("user"), 0));
}

#[test]
fn a_null_in_a_name_does_not_shorten_it() {
    let mut element = Element::new();
    element.datagram(include_bytes!("messages/escnull.sip"));
    assert_eq!(element.responses[0].headers.addresses(&HeaderName::Contact).map(|all| all.len()), Ok(2));
    let to = request(include_bytes!("messages/escnull.sip")).headers.to().expect("To");
    assert_eq!(
        to.uri.sip().and_then(ringdown_sip::message::SipUri::decoded_user).as_deref(),
        Some("null-\0-null")
    );
}

#[test]
fn binary_bodies_and_odd_reasons_stay_as_they_are() {
    let mpart01 = request(include_bytes!("messages/mpart01.sip"));
    assert_eq!(mpart01.body.len(), 553);
    assert_eq!(mpart01.headers.content_type().ok().flatten().expect("a type").essence, "multipart/mixed");
    let unreason = response(include_bytes!("messages/unreason.sip"));
    assert_eq!(unreason.reason, "= 2**3 * 5**2 но сто девяносто девять - простое");
    assert_eq!(response(include_bytes!("messages/noreason.sip")).reason, "");
    let transports = request(include_bytes!("messages/transports.sip"));
    assert_eq!(transports.headers.values(&HeaderName::Via).map(|vias| vias.len()), Ok(5));
    let longreq = request(include_bytes!("messages/longreq.sip"));
    assert_eq!(longreq.headers.all(&HeaderName::Via).count(), 34);
    assert_eq!(request(include_bytes!("messages/dblreq.sip")).body.len(), 0);
}

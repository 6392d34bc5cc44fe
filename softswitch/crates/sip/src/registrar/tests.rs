use super::*;
use crate::endpoint::Transport;
use crate::{
    endpoint::Destination,
    message::{Method, Uri},
};

const AOR: &str = "101";

fn flow(remote: &str, transport: Transport) -> Flow {
    Flow {
        transport,
        local: "192.0.2.10:5060".parse().expect("valid"),
        remote: remote.parse().expect("valid"),
        connection: ConnectionId(1),
    }
}

fn register(cseq: u32, call_id: &str, contacts: &[&str], expires: Option<u32>) -> Request {
    let uri = Uri::parse("sip:example.com").expect("valid");
    let mut request = Request::new(Method::Register, uri)
        .with(HeaderName::Via, "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa")
        .with(HeaderName::From, "<sip:101@example.com>;tag=a")
        .with(HeaderName::To, "<sip:101@example.com>")
        .with(HeaderName::CallId, call_id)
        .with(HeaderName::CSeq, format!("{cseq} REGISTER"));
    for contact in contacts {
        request = request.with(HeaderName::Contact, *contact);
    }
    match expires {
        Some(seconds) => request.with(HeaderName::Expires, seconds.to_string()),
        None => request,
    }
}

struct Bench {
    now: Instant,
    registrar: Registrar,
}

impl Bench {
    fn new() -> Self {
        Self { now: crate::test_start(), registrar: Registrar::new(RegistrarConfig::default()) }
    }

    fn send(&mut self, request: &Request) -> Response {
        let from = flow("192.0.2.1:5060", Transport::Udp);
        self.registrar.handle_register(self.now, AOR, from, request)
    }

    fn changes(&mut self) -> Vec<BindingChange> {
        std::iter::from_fn(|| self.registrar.poll_event()).map(|event| event.change).collect()
    }

    fn count(&self) -> usize {
        self.registrar.bindings(AOR).count()
    }
}

#[test]
fn two_telephones_refresh_and_leave_on_their_own() {
    let mut bench = Bench::new();
    assert_eq!(bench.send(&register(1, "desk", &["<sip:101@192.0.2.1>"], None)).status, 200);
    let both = bench.send(&register(1, "soft", &["<sip:101@192.0.2.1:5070>;q=0.5"], Some(120)));
    assert_eq!(both.headers.values(&HeaderName::Contact).expect("listed").len(), 2);
    bench.now += Duration::from_secs(100);
    assert_eq!(bench.send(&register(2, "soft", &["<sip:101@192.0.2.1:5070>"], Some(120))).status, 200);
    assert_eq!(bench.send(&register(2, "desk", &["<sip:101@192.0.2.1>;expires=0"], None)).status, 200);
    use BindingChange::{Expired, Refreshed, Registered, Removed};
    assert_eq!(bench.changes(), [Registered, Registered, Refreshed, Removed]);
    bench.now += Duration::from_secs(120);
    bench.registrar.handle_timeout(bench.now);
    assert_eq!(bench.changes(), [Expired]);
    assert_eq!((bench.count(), bench.registrar.next_timeout()), (0, None));
}

#[test]
fn an_overtaken_register_does_not_bring_a_telephone_back() {
    let mut bench = Bench::new();
    bench.send(&register(5, "desk", &["<sip:101@192.0.2.1>"], None));
    assert_eq!(bench.send(&register(4, "desk", &["<sip:101@192.0.2.1>"], Some(0))).status, 500);
    assert_eq!(bench.count(), 1);
    // A restarted telephone counts from one again, with another Call-ID.
    assert_eq!(bench.send(&register(1, "desk2", &["<sip:101@192.0.2.1>"], None)).status, 200);
    assert_eq!(bench.count(), 1);
}

#[test]
fn a_bad_contact_spoils_the_whole_request() {
    let mut bench = Bench::new();
    let brief =
        bench.send(&register(1, "a", &["<sip:101@192.0.2.1>", "<sip:101@192.0.2.2>;expires=10"], None));
    assert_eq!(brief.status, 423);
    assert_eq!(brief.headers.number(&HeaderName::MinExpires), Ok(Some(60)));
    assert_eq!(bench.send(&register(2, "a", &["<sip:101@192.0.2.1>", "*"], Some(0))).status, 400);
    assert_eq!(bench.send(&register(3, "a", &["*"], None)).status, 400);
    assert_eq!(bench.send(&register(4, "a", &["<tel:101>"], None)).status, 400);
    assert_eq!(bench.count(), 0);
}

#[test]
fn a_star_removes_all_and_a_query_lists_them() {
    let mut bench = Bench::new();
    bench.send(&register(1, "a", &["<sip:101@192.0.2.1>, <sip:101@192.0.2.2>"], None));
    let listed = bench.send(&register(2, "b", &[], None));
    assert_eq!(listed.headers.addresses(&HeaderName::Contact).expect("listed").len(), 2);
    assert_eq!(bench.send(&register(3, "b", &["*"], Some(0))).status, 200);
    assert_eq!(bench.count(), 0);
}

#[test]
fn forgotten_contacts_make_room_and_a_device_has_one() {
    let mut bench = Bench::new();
    for port in 6000..6020 {
        let contact = format!("<sip:101@192.0.2.1:{port}>");
        bench.send(&register(1, &format!("boot{port}"), &[&contact], None));
        bench.now += Duration::from_secs(1);
    }
    assert_eq!(bench.count(), RegistrarConfig::default().max_bindings);
    let mut bench = Bench::new();
    for port in 6000..6005 {
        let contact = format!("<sip:101@192.0.2.1:{port}>;+sip.instance=\"<urn:uuid:1>\"");
        bench.send(&register(1, &format!("boot{port}"), &[&contact], None));
    }
    assert_eq!(bench.count(), 1);
}

#[test]
fn a_telephone_behind_a_nat_is_reached_where_it_came_from() {
    let mut bench = Bench::new();
    let outside = flow("198.51.100.7:31000", Transport::Udp);
    let request = register(1, "a", &["<sip:101@10.0.0.5:5060>"], None);
    bench.registrar.handle_register(bench.now, AOR, outside, &request);
    let binding = bench.registrar.bindings(AOR).next().expect("registered");
    assert!(binding.is_behind_nat());
    assert_eq!(binding.destination(), Destination::Flow(outside));

    // On its own host another port than the request's is the telephone's word.
    let inside = flow("192.0.2.1:40000", Transport::Udp);
    bench.registrar.handle_register(
        bench.now,
        "102",
        inside,
        &register(1, "b", &["<sip:102@192.0.2.1:5062>"], None),
    );
    let binding = bench.registrar.bindings("102").next().expect("registered");
    assert_eq!(binding.destination().remote().port(), 5062);
}

#[test]
fn a_closed_connection_takes_its_bindings_along() {
    let mut bench = Bench::new();
    let tcp = flow("192.0.2.1:40000", Transport::Tcp);
    bench.registrar.handle_register(bench.now, AOR, tcp, &register(1, "a", &["<sip:101@192.0.2.1>"], None));
    bench.registrar.handle_connection_closed(ConnectionId(2));
    assert_eq!(bench.count(), 1);
    bench.registrar.handle_connection_closed(ConnectionId(1));
    assert_eq!(bench.changes(), [BindingChange::Registered, BindingChange::ConnectionLost]);
}

fn outbound(cseq: u32, call_id: &str, reg_id: u32, port: u16) -> Request {
    let contact = format!("<sip:101@192.0.2.1:{port};ob>;reg-id={reg_id};+sip.instance=\"<urn:uuid:1>\"");
    register(cseq, call_id, &[&contact], None).with(HeaderName::Supported, "path, outbound, gruu")
}

#[test]
fn a_device_keeps_several_flows_and_each_is_replaced_by_itself() {
    let mut bench = Bench::new();
    let first = bench.send(&outbound(1, "a", 1, 6000));
    assert_eq!(first.headers.text(&HeaderName::Require), Ok(Some("outbound")));
    assert!(first.headers.contains(&HeaderName::FlowTimer));
    assert_eq!(bench.send(&outbound(1, "b", 2, 6001)).status, 200);
    assert_eq!(bench.count(), 2);
    // The first flow broke and is made again from another port.
    assert_eq!(bench.send(&outbound(2, "a", 1, 6002)).status, 200);
    let flows: Vec<_> = bench.registrar.bindings(AOR).map(Binding::reg_id).collect();
    assert_eq!(flows, [Some(1), Some(2)]);
    let mut both = outbound(3, "a", 1, 6002);
    let second = outbound(3, "a", 2, 6003);
    both.headers
        .push(HeaderName::Contact, second.headers.text(&HeaderName::Contact).expect("text").expect("one"));
    assert_eq!(bench.send(&both).status, 400, "one flow at a time");
}

#[test]
fn a_flow_without_outbound_support_is_no_flow() {
    let mut bench = Bench::new();
    let contact = "<sip:101@192.0.2.1>;reg-id=1;+sip.instance=\"<urn:uuid:1>\"";
    let response = bench.send(&register(1, "a", &[contact], None));
    assert!(!response.headers.contains(&HeaderName::Require));
    assert_eq!(bench.registrar.bindings(AOR).next().and_then(Binding::reg_id), None);
    // Through a proxy that does not keep the flow.
    let mut proxied = outbound(2, "a", 1, 6000);
    proxied.headers.push(HeaderName::Via, "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKb");
    assert_eq!(bench.send(&proxied).status, 439);
    let through = proxied.clone().with(HeaderName::Path, "<sip:edge.example.com;lr;ob>");
    assert_eq!(bench.send(&through).status, 200);
}

#[test]
fn the_path_is_kept_and_told_back() {
    let mut bench = Bench::new();
    let path = "<sip:p2.example.com;lr>, <sip:p1.example.com;lr>";
    let request = register(1, "a", &["<sip:101@192.0.2.1>"], None).with(HeaderName::Path, path);
    let refused = bench.send(&request);
    assert_eq!((refused.status, refused.headers.text(&HeaderName::Require)), (421, Ok(Some("path"))));
    let response = bench.send(&request.with(HeaderName::Supported, "path"));
    assert_eq!(response.headers.text(&HeaderName::Path), Ok(Some(path)));
    let binding = bench.registrar.bindings(AOR).next().expect("registered");
    assert_eq!(binding.path(), ["<sip:p2.example.com;lr>", "<sip:p1.example.com;lr>"]);
}

/// The public and the temporary GRUU in a 200.
fn gruus(response: &Response) -> (Uri, Uri) {
    let contact = response.headers.contact().expect("well-formed").expect("listed");
    let uri = |name| {
        let text = contact.params.get(name).expect("given out").trim_matches('"');
        Uri::parse(text).expect("a URI")
    };
    (uri("pub-gruu"), uri("temp-gruu"))
}

#[test]
fn gruus_reach_one_device_for_as_long_as_it_is_registered() {
    let mut bench = Bench::new();
    bench.registrar =
        Registrar::new(RegistrarConfig::default()).with_gruus(&mut ringdown_types::SeededRandom::new(4));
    let (public, first) = gruus(&bench.send(&outbound(1, "a", 1, 6000)));
    bench.send(&register(1, "other", &["<sip:101@192.0.2.9>"], None));
    assert_eq!(public.to_string(), "sip:101@example.com;gr=urn:uuid:1");
    let (_, second) = gruus(&bench.send(&outbound(2, "a", 1, 6000)));
    assert_ne!(first, second);
    let id = bench.registrar.bindings(AOR).next().map(Binding::id).expect("registered");
    for gruu in [&public, &first, &second] {
        assert_eq!(bench.registrar.gruu(gruu), Some((AOR.to_owned(), vec![id])), "{gruu}");
    }
    // With another Call-ID the device began anew: "all temporary GRUUs before are invalid". RFC 5627 §5.3
    bench.send(&outbound(1, "rebooted", 1, 6000));
    assert_eq!(bench.registrar.gruu(&second), Some((String::new(), Vec::new())));
    assert_eq!(bench.registrar.gruu(&public).map(|(_, ids)| ids.len()), Some(1));
    bench.registrar.remove_all(AOR);
    assert_eq!(bench.registrar.gruu(&public), Some((AOR.to_owned(), Vec::new())));
    assert_eq!(bench.registrar.gruu(&Uri::parse("sip:101@example.com").expect("a URI")), None);
}

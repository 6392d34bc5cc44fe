//! A telephone that says exactly what a story wants, at 192.0.2.99: it retransmits nothing and answers nothing by
//! itself.

use std::net::SocketAddr;

use bytes::Bytes;
use ringdown_sip::{
    dialog::Dialog,
    endpoint::{Destination, Transport},
    invite::UsageId,
    message::{CSeq, HeaderName, Message, Method, Request, Response, Uri},
};

use super::Net;

pub struct Raw {
    pub address: SocketAddr,
    pub dialog: Option<Dialog>,
    pub invite: Option<Request>,
    branches: u32,
    read: usize,
}

impl Default for Raw {
    fn default() -> Self {
        Self {
            address: SocketAddr::from(([192, 0, 2, 99], 5060)),
            dialog: None,
            invite: None,
            branches: 0,
            read: 0,
        }
    }
}

impl Raw {
    /// Sends an INVITE to bob with these further headers.
    pub fn invite(&mut self, net: &mut Net, extra: &str, offer: Option<&'static str>) -> Request {
        let mut invite = super::request(&format!(
            "INVITE sip:bob@192.0.2.2 SIP/2.0\nVia: SIP/2.0/UDP h;branch=z9hG4bK0\n\
             From: <sip:raw@192.0.2.99>;tag=raw\nTo: <sip:bob@192.0.2.2>\nCall-ID: raw@192.0.2.99\n\
             CSeq: 1 INVITE\nMax-Forwards: 70\nContact: <sip:raw@192.0.2.99>\n{extra}\n"
        ));
        invite.headers.remove(&HeaderName::Via);
        if let Some(offer) = offer {
            invite = invite.with_body("application/sdp", offer.into());
        }
        let sent = self.send(net, invite);
        self.invite = Some(sent.clone());
        sent
    }

    /// A call with bob, who answered it; the ACK is sent.
    pub fn established(net: &mut Net, extra: &str) -> Self {
        let mut raw = Self::default();
        raw.invite(net, extra, Some("offer"));
        net.run(super::ms(50));
        let bob = net.bob().leg();
        net.with("bob", |agent, now| agent.accept(now, bob, "answer".into())).expect("not answered");
        net.run(super::ms(50));
        let answer = raw.response(net, "200 INVITE");
        raw.acknowledge(net, &answer);
        net.run(super::ms(50));
        raw
    }

    /// Bob calls it; it has the INVITE, and its dialog.
    pub fn invited(net: &mut Net, offer: Option<&'static str>) -> (Self, UsageId) {
        let mut raw = Self::default();
        let remote = raw.address;
        let mut params = net.params("bob", "bob", offer);
        params.target = uri("sip:raw@192.0.2.99");
        params.destination = Destination::Address { transport: Transport::Udp, remote };
        let leg = net.with("bob", |agent, now| agent.invite(now, params)).expect("room");
        net.run(super::ms(50));
        let invite = raw.received(net, &Method::Invite);
        raw.called(net, invite);
        (raw, leg)
    }

    /// Takes the dialog of an INVITE to it.
    pub fn called(&mut self, net: &Net, invite: Request) {
        let flow = net.flow(super::address(1), self.address);
        self.dialog = Some(Dialog::from_request(&invite, "raw", flow).expect("a dialog"));
        self.invite = Some(invite);
    }

    /// A response to the INVITE it got.
    pub fn answer(&self, status: u16, sdp: Option<&'static str>) -> Response {
        let invite = self.invite.as_ref().expect("it was called");
        let response = Response::to_request(invite, status)
            .with_to_tag("raw")
            .with(HeaderName::Contact, "<sip:raw@192.0.2.99>");
        match sdp {
            Some(sdp) => response.with_body("application/sdp", sdp.into()),
            None => response,
        }
    }

    /// The same, reliable.
    pub fn reliable(&self, status: u16, rseq: u32, sdp: Option<&'static str>) -> Response {
        let response = self.answer(status, sdp).with(HeaderName::Require, "100rel");
        response.with(HeaderName::RSeq, rseq.to_string())
    }

    /// Takes the dialog of a response to its INVITE.
    pub fn enter(&mut self, net: &Net, response: &Response) {
        let destination = net.flow(super::address(1), self.address).into();
        let invite = self.invite.as_ref().expect("it invited");
        let dialog = Dialog::from_response(invite, response, destination).expect("a dialog");
        self.dialog = Some(dialog);
    }

    /// Acknowledges a 200.
    pub fn acknowledge(&mut self, net: &mut Net, answer: &Response) {
        if self.dialog.is_none() {
            self.enter(net, answer);
        }
        let cseq = answer.headers.cseq().expect("CSeq").number;
        let ack = self.dialog.as_ref().expect("a dialog").ack(cseq);
        self.send(net, ack);
    }

    /// A request in its dialog, not sent yet.
    pub fn request(&mut self, method: Method) -> Request {
        let request = self.dialog.as_mut().expect("a dialog").request(method);
        request.with(HeaderName::Contact, "<sip:raw@192.0.2.99>")
    }

    /// Sends a request to bob with a branch of its own.
    pub fn send(&mut self, net: &mut Net, mut request: Request) -> Request {
        self.branches += 1;
        let via = format!("SIP/2.0/UDP {};branch=z9hG4bKraw{}", self.address, self.branches);
        request.headers.push_front(HeaderName::Via, via);
        if !request.headers.contains(&HeaderName::MaxForwards) {
            request.headers.push(HeaderName::MaxForwards, "70");
        }
        net.inject(self.address, "bob", request.encode());
        request
    }

    /// Sends bytes again as they were.
    pub fn repeat(&self, net: &mut Net, request: &Request) {
        net.inject(self.address, "bob", request.encode());
    }

    pub fn respond(&self, net: &mut Net, request: &Request, status: u16) {
        self.respond_with(net, Response::to_request(request, status).with_to_tag("raw"));
    }

    pub fn respond_with(&self, net: &mut Net, response: Response) {
        net.inject(self.address, "bob", response.encode());
    }

    /// All that reached it.
    pub fn inbox(&self, net: &Net) -> Vec<Message> {
        let own = net.outside.iter().filter(|sent| sent.to == self.address);
        own.filter_map(super::Sent::message).collect()
    }

    /// What reached it since the last look, by label.
    pub fn news(&mut self, net: &Net) -> Vec<String> {
        let own = net.outside.iter().filter(|sent| sent.to == self.address);
        let labels: Vec<String> = own.skip(self.read).map(super::Sent::label).collect();
        self.read += labels.len();
        labels
    }

    /// The latest response of that label, such as `200 INVITE`.
    pub fn response(&self, net: &Net, label: &str) -> Response {
        let found = self.inbox(net).into_iter().rev().find_map(|message| match message {
            Message::Response(response) if label_of(&response) == label => Some(response),
            _ => None,
        });
        found.unwrap_or_else(|| panic!("no {label} in {:?}", self.inbox(net)))
    }

    /// The latest request of that method.
    pub fn received(&self, net: &Net, method: &Method) -> Request {
        let found = self.inbox(net).into_iter().rev().find_map(|message| match message {
            Message::Request(request) if request.method == *method => Some(request),
            _ => None,
        });
        found.unwrap_or_else(|| panic!("no {method} in {:?}", self.inbox(net)))
    }
}

fn label_of(response: &Response) -> String {
    let method = response.headers.cseq().map(|CSeq { method, .. }| method.to_string());
    format!("{} {}", response.status, method.unwrap_or_default())
}

/// A URI that is well-formed.
pub fn uri(text: &str) -> Uri {
    Uri::parse(text).expect("well-formed")
}

/// The body as text.
pub fn text(body: &Bytes) -> String {
    String::from_utf8(body.to_vec()).expect("text")
}

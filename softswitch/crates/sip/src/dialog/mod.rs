//! Dialogs (RFC 3261 §12).

use std::fmt;

use thiserror::Error;

use crate::{
    endpoint::{Destination, Flow},
    message::{CSeq, HeaderError, HeaderName, Method, NameAddr, Request, Response, Uri},
};

/// What names a dialog at one end: the Call-ID, the own tag and the peer's (RFC 3261 §12).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DialogId {
    /// The Call-ID.
    pub call_id: String,
    /// Our tag.
    pub local_tag: String,
    /// The peer's tag; empty for peers of RFC 2543.
    pub remote_tag: String,
}

impl DialogId {
    /// The dialog a request from the peer belongs to; `None` if it carries no To tag and so none.
    ///
    /// # Errors
    /// If Call-ID, From or To cannot be read.
    pub fn of_request(request: &Request) -> Result<Option<Self>, HeaderError> {
        let (from, to) = (request.headers.from()?, request.headers.to()?);
        let call_id = request.headers.call_id()?;
        Ok(to.tag().map(|local_tag| Self {
            call_id: call_id.to_owned(),
            local_tag: local_tag.to_owned(),
            remote_tag: from.tag().unwrap_or_default().to_owned(),
        }))
    }
}

/// Does not print: a Call-ID often carries an address, and the three together allow to end a call.
impl fmt::Debug for DialogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DialogId(‹redacted›)")
    }
}

/// A request that may not be served in its dialog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DialogError {
    /// Its CSeq is lower than that of an earlier request: 500 (RFC 3261 §12.2.2).
    #[error("CSeq out of order")]
    OutOfOrder,
}

/// One end of a dialog: all that requests in it are made of.
#[derive(Clone)]
pub struct Dialog {
    id: DialogId,
    /// Our address, with our tag.
    local: NameAddr,
    /// The peer's address, with its tag.
    remote: NameAddr,
    local_cseq: u32,
    remote_cseq: Option<u32>,
    route_set: Vec<NameAddr>,
    remote_target: Uri,
    destination: Destination,
    confirmed: bool,
    is_caller: bool,
}

impl Dialog {
    /// The called side's end, made of the INVITE and our tag (RFC 3261 §12.1.1). Early until
    /// [`Self::confirm`].
    ///
    /// # Errors
    /// If a header the dialog needs cannot be read, or Contact is missing.
    pub fn from_request(request: &Request, local_tag: &str, flow: Flow) -> Result<Self, HeaderError> {
        let headers = &request.headers;
        let (remote, local) = (headers.from()?, headers.to()?.with_tag(local_tag));
        let contact = headers
            .contact()?
            .ok_or(HeaderError { header: HeaderName::Contact, problem: crate::message::Problem::Missing })?;
        Ok(Self {
            id: DialogId {
                call_id: headers.call_id()?.to_owned(),
                local_tag: local_tag.to_owned(),
                remote_tag: remote.tag().unwrap_or_default().to_owned(),
            },
            local,
            remote,
            // Any start will do; leaving room below lets nothing wrap. §12.1.1
            local_cseq: 0,
            remote_cseq: Some(headers.cseq()?.number),
            // "The route set MUST be set to the list of URIs in Record-Route, in order." §12.1.1
            route_set: headers.addresses(&HeaderName::RecordRoute)?,
            remote_target: contact.uri,
            destination: Destination::Flow(flow),
            confirmed: false,
            is_caller: false,
        })
    }

    /// The calling side's end, made of our INVITE and a response with a To tag (RFC 3261 §12.1.2). A response
    /// without Contact leaves the INVITE's URI as the remote target.
    ///
    /// # Errors
    /// If a header the dialog needs cannot be read.
    pub fn from_response(
        request: &Request,
        response: &Response,
        destination: Destination,
    ) -> Result<Self, HeaderError> {
        let (local, remote) = (request.headers.from()?, response.headers.to()?);
        let contact = response.headers.contact()?;
        let mut route_set = response.headers.addresses(&HeaderName::RecordRoute)?;
        // "… in reverse order." §12.1.2
        route_set.reverse();
        Ok(Self {
            id: DialogId {
                call_id: request.headers.call_id()?.to_owned(),
                local_tag: local.tag().unwrap_or_default().to_owned(),
                remote_tag: remote.tag().unwrap_or_default().to_owned(),
            },
            local,
            remote,
            local_cseq: request.headers.cseq()?.number,
            remote_cseq: None,
            route_set,
            remote_target: contact.map_or_else(|| request.uri.clone(), |contact| contact.uri),
            destination,
            confirmed: response.is_success(),
            is_caller: true,
        })
    }

    /// What names the dialog here.
    pub const fn id(&self) -> &DialogId {
        &self.id
    }

    /// Where requests in the dialog are sent: the flow the peer's latest message came over.
    pub const fn destination(&self) -> Destination {
        self.destination
    }

    /// The URI requests in the dialog are addressed to.
    pub const fn remote_target(&self) -> &Uri {
        &self.remote_target
    }

    /// Whether the peer is reached by a `sips` URI: then ours is one too (RFC 3261 §12.1.1).
    pub fn is_sips(&self) -> bool {
        self.remote_target.is_sips()
    }

    /// Our address with our tag.
    pub const fn local(&self) -> &NameAddr {
        &self.local
    }

    /// The peer's address with its tag.
    pub const fn remote(&self) -> &NameAddr {
        &self.remote
    }

    /// The CSeq number of our latest request.
    pub const fn local_cseq(&self) -> u32 {
        self.local_cseq
    }

    /// Whether a 2xx confirmed the dialog; otherwise it is early.
    pub const fn is_confirmed(&self) -> bool {
        self.confirmed
    }

    /// Takes note that a 2xx confirmed the dialog.
    pub const fn confirm(&mut self) {
        self.confirmed = true;
    }

    /// Whether this end made the Call-ID: it sent the INVITE.
    pub const fn owns_call_id(&self) -> bool {
        self.is_caller
    }

    /// Takes the 2xx that answers the INVITE of this early dialog: "the route set MUST be recomputed" (RFC 3261
    /// §13.2.2.4), numbers stay.
    pub(crate) fn answer(&mut self, response: &Response, flow: Option<Flow>) {
        if let Ok(mut route_set) = response.headers.addresses(&HeaderName::RecordRoute) {
            route_set.reverse();
            self.route_set = route_set;
        }
        self.refresh_target(&response.headers);
        self.destination = flow.map_or(self.destination, Destination::Flow);
        self.confirmed = true;
    }

    /// Makes requests to come number higher than `cseq`: a further branch of the fork has used it.
    pub(crate) fn skip_cseq(&mut self, cseq: u32) {
        self.local_cseq = self.local_cseq.max(cseq);
    }

    /// Shows the peer another address as ours, with the same tag (RFC 4916 §4.1).
    pub(crate) fn change_local(&mut self, address: &NameAddr) {
        self.local.display.clone_from(&address.display);
        self.local.uri.clone_from(&address.uri);
    }

    /// The dialog of another branch of our INVITE, which answered as well (RFC 3261 §13.2.2.4).
    pub(crate) fn branch(&self, response: &Response, flow: Option<Flow>) -> Option<Self> {
        let remote = response.headers.to().ok()?;
        let mut route_set = response.headers.addresses(&HeaderName::RecordRoute).ok()?;
        route_set.reverse();
        let contact = response.headers.contact().ok()?;
        let id = DialogId { remote_tag: remote.tag().unwrap_or_default().to_owned(), ..self.id.clone() };
        Some(Self {
            id,
            remote,
            route_set,
            remote_target: contact.map_or_else(|| self.remote_target.clone(), |contact| contact.uri),
            destination: flow.map_or(self.destination, Destination::Flow),
            ..self.clone()
        })
    }

    /// A request in the dialog, with the next CSeq number (RFC 3261 §12.2.1.1). Not for ACK.
    pub fn request(&mut self, method: Method) -> Request {
        // The number stays below 2³¹: a dialog would need 68 years of one request a second.
        self.local_cseq = (self.local_cseq + 1) & 0x7fff_ffff;
        self.build(method, self.local_cseq)
    }

    /// The ACK for the 2xx of the INVITE with this CSeq number (RFC 3261 §13.2.2.4).
    pub fn ack(&self, cseq: u32) -> Request {
        self.build(Method::Ack, cseq)
    }

    /// Checks a request of the peer and takes note of its CSeq number and its flow.
    ///
    /// # Errors
    /// If it is out of order.
    pub fn handle_request(&mut self, request: &Request, flow: Flow) -> Result<(), DialogError> {
        let number = request.headers.cseq().map_or(0, |cseq| cseq.number);
        // "If the remote sequence number is not empty, but the request's is lower, the request is out of order
        // and MUST be rejected with a 500." §12.2.2
        if self.remote_cseq.is_some_and(|known| number < known) {
            return Err(DialogError::OutOfOrder);
        }
        self.remote_cseq = Some(number);
        self.destination = Destination::Flow(flow);
        Ok(())
    }

    /// Sends what follows to `destination`, where the peer is now reached. Where a telephone stays at its address, its
    /// own messages say which of its ports it uses.
    pub(crate) fn move_to(&mut self, destination: Destination) {
        let is_elsewhere = destination.transport().is_connection()
            || self.destination.transport().is_connection()
            || destination.remote().ip() != self.destination.remote().ip();
        if is_elsewhere {
            self.destination = destination;
        }
    }

    /// Takes the Contact of a target refresh, request or response, as the new remote target (RFC 3261 §12.2).
    pub fn refresh_target(&mut self, headers: &crate::message::Headers) {
        if let Ok(Some(contact)) = headers.contact() {
            self.remote_target = contact.uri;
        }
    }

    /// RFC 3261 §12.2.1.1.
    fn build(&self, method: Method, cseq: u32) -> Request {
        let first = self.route_set.first();
        let is_loose = first.is_none_or(|first| first.uri.sip().is_some_and(|uri| uri.params.contains("lr")));
        // A strict first route takes the Request-URI, and the remote target ends the route.
        let (uri, routes, last) = match first {
            Some(first) if !is_loose => {
                (first.uri.clone(), self.route_set.get(1..), Some(NameAddr::new(self.remote_target.clone())))
            }
            _ => (self.remote_target.clone(), self.route_set.get(..), None),
        };
        let mut request = Request::new(method.clone(), uri);
        for route in routes.unwrap_or_default().iter().chain(last.as_ref()) {
            request.headers.push(HeaderName::Route, route.to_string());
        }
        request
            .with(HeaderName::From, self.local.to_string())
            .with(HeaderName::To, self.remote.to_string())
            .with(HeaderName::CallId, self.id.call_id.clone())
            .with(HeaderName::CSeq, CSeq { number: cseq, method }.to_string())
    }
}

/// Shows no address: they name people.
impl fmt::Debug for Dialog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialog").field("confirmed", &self.confirmed).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        endpoint::{ConnectionId, Transport},
        message::{Datagram, Message, parse_datagram},
    };

    fn flow() -> Flow {
        let address = ([192, 0, 2, 1], 5060).into();
        Flow { transport: Transport::Udp, local: address, remote: address, connection: ConnectionId(0) }
    }

    fn invite(extra: &str) -> Request {
        let text = format!(
            "INVITE sip:bob@h SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: Alice <sip:alice@h>;tag=a\r\n\
             To: <sip:bob@h>\r\nCall-ID: 1\r\nCSeq: 7 INVITE\r\nContact: <sip:alice@192.0.2.9>\r\n{extra}\r\n"
        );
        match parse_datagram(&text.into()) {
            Ok(Datagram::Message(Message::Request(request))) => request,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_request_in_the_dialog_turns_the_addresses_round() {
        let mut dialog = Dialog::from_request(&invite(""), "b", flow()).expect("a good INVITE");
        let bye = dialog.request(Method::Bye);
        assert_eq!(bye.uri.to_string(), "sip:alice@192.0.2.9");
        assert_eq!(bye.headers.text(&HeaderName::From), Ok(Some("<sip:bob@h>;tag=b")));
        assert_eq!(bye.headers.text(&HeaderName::To), Ok(Some("\"Alice\" <sip:alice@h>;tag=a")));
        assert_eq!(dialog.request(Method::Info).headers.cseq().map(|cseq| cseq.number), Ok(2));
    }

    #[test]
    fn a_lower_cseq_is_out_of_order() {
        let mut dialog = Dialog::from_request(&invite(""), "b", flow()).expect("a good INVITE");
        let mut request = invite("");
        request.headers.set(HeaderName::CSeq, "6 INVITE");
        assert_eq!(dialog.handle_request(&request, flow()), Err(DialogError::OutOfOrder));
        request.headers.set(HeaderName::CSeq, "9 INVITE");
        assert_eq!(dialog.handle_request(&request, flow()), Ok(()));
    }

    #[test]
    fn loose_and_strict_routes() {
        let routes = "Record-Route: <sip:p1;lr>\r\nRecord-Route: <sip:p2>, <sip:p3;lr>\r\n";
        let mut dialog = Dialog::from_request(&invite(routes), "b", flow()).expect("a good INVITE");
        let bye = dialog.request(Method::Bye);
        assert_eq!(bye.uri.to_string(), "sip:alice@192.0.2.9");
        assert_eq!(
            bye.headers.values(&HeaderName::Route),
            Ok(vec!["<sip:p1;lr>", "<sip:p2>", "<sip:p3;lr>"])
        );
        let routes = "Record-Route: <sip:p2>, <sip:p3;lr>\r\n";
        let mut dialog = Dialog::from_request(&invite(routes), "b", flow()).expect("a good INVITE");
        let bye = dialog.request(Method::Bye);
        assert_eq!(bye.uri.to_string(), "sip:p2");
        assert_eq!(bye.headers.values(&HeaderName::Route), Ok(vec!["<sip:p3;lr>", "<sip:alice@192.0.2.9>"]));
    }
}

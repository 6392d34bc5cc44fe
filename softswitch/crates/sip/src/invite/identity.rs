//! Whom a telephone talks to: P-Asserted-Identity and Remote-Party-ID, when it is called, when its call is answered,
//! and when its partner changes (RFC 3325, RFC 4916).

use super::{Context, InviteUsage, State, UsageError};
use crate::message::{HeaderName, Headers, NameAddr, Response};

impl InviteUsage {
    /// Takes note of who is at the other side. A telephone that talks is told by UPDATE, if it allows that; the others
    /// hear it with the next response or request.
    pub(crate) fn set_identity(
        &mut self,
        ctx: &mut Context<'_>,
        identity: NameAddr,
    ) -> Result<(), UsageError> {
        if matches!(self.state, State::Closing(_) | State::Ended) {
            return Err(UsageError::WrongState);
        }
        let identity = NameAddr { params: crate::message::Params::new(), ..identity };
        if self.identity.as_ref() != Some(&identity) {
            self.identity = Some(identity);
            self.identity_untold = true;
            self.tell_identity(ctx);
        }
        Ok(())
    }

    /// Tells what the peer has not heard yet, unless an answer of it is awaited.
    pub(super) fn tell_identity(&mut self, ctx: &mut Context<'_>) {
        if self.identity_untold && matches!(self.state, State::Established(_)) {
            self.send_update(ctx);
        }
    }

    /// A response that shows the other side.
    pub(super) fn with_identity(&mut self, mut response: Response) -> Response {
        if let Some(identity) = &self.identity {
            assert(&mut response.headers, identity, false);
            self.identity_untold = self.identity_untold && response.is_provisional();
        }
        response
    }
}

/// Adds the headers that say who somebody is, the caller or the callee. Telephones know either the one or, older ones,
/// the other.
pub(super) fn assert(headers: &mut Headers, identity: &NameAddr, is_caller: bool) {
    let party = if is_caller { "calling" } else { "called" };
    headers.push(HeaderName::PAssertedIdentity, identity.to_string());
    headers.push(HeaderName::RemotePartyId, format!("{identity};party={party};privacy=off;screen=yes"));
}

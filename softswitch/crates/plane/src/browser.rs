//! A browser's transport: what the commands say, put into the terms of `ringdown-rtc`.

use std::time::Instant;

use ringdown_media::api::{DtlsRole, MediaFailure, WebRtcRemote};
use ringdown_rtc::{
    DtlsIdentity, FailReason, Fingerprint, IceCredentials, InvalidIceCredentials, RejectedCounts,
    WebRtcRemoteParams, WebRtcTransport,
};

pub(crate) struct Browser {
    pub(crate) transport: WebRtcTransport,
    /// Datagrams that transports before this one refused.
    rejected_before: u64,
}

/// What a changed description did to a transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// It goes on.
    Continued,
    /// It was replaced: what led to the old one is to be forgotten.
    Replaced,
}

impl Browser {
    pub(crate) fn new(local: IceCredentials, identity: &DtlsIdentity) -> Self {
        Self { transport: WebRtcTransport::new(local, identity.clone()), rejected_before: 0 }
    }

    /// Brings the transport to what the descriptions say: known parameters change nothing, other ICE credentials of
    /// ours restart ICE, another certificate (a reloaded page) takes a new transport.
    pub(crate) fn apply(
        &mut self,
        now: Instant,
        local: IceCredentials,
        remote: Option<&WebRtcRemote>,
        identity: &DtlsIdentity,
    ) -> Result<Change, InvalidIceCredentials> {
        let remote = remote.map(remote_params).transpose()?;
        let restarted = *self.transport.local() == local || {
            let ice = remote.as_ref().map(|remote| remote.ice.clone());
            self.transport.restart(now, local.clone(), ice).is_ok()
        };
        let continues = restarted
            && remote.as_ref().is_none_or(|remote| self.transport.set_remote(now, remote.clone()).is_ok());
        if continues {
            return Ok(Change::Continued);
        }
        self.rejected_before = self.rejected();
        self.transport = WebRtcTransport::new(local, identity.clone());
        if let Some(remote) = remote {
            // A new transport takes any parameters.
            let _ = self.transport.set_remote(now, remote);
        }
        Ok(Change::Replaced)
    }

    pub(crate) fn rejected(&self) -> u64 {
        let RejectedCounts { source, tag, replay, malformed, refused, unexpected, too_many_ssrcs } =
            *self.transport.rejected();
        self.rejected_before + source + tag + replay + malformed + refused + unexpected + too_many_ssrcs
    }
}

fn remote_params(remote: &WebRtcRemote) -> Result<WebRtcRemoteParams, InvalidIceCredentials> {
    Ok(WebRtcRemoteParams {
        ice: IceCredentials::new(remote.ufrag.as_str(), remote.pwd.as_str())?,
        fingerprint: Fingerprint::from(remote.fingerprint),
        role: match remote.dtls_role {
            DtlsRole::Server => ringdown_rtc::DtlsRole::Server,
            DtlsRole::Client => ringdown_rtc::DtlsRole::Client,
        },
    })
}

pub(crate) const fn failure(reason: FailReason) -> MediaFailure {
    match reason {
        FailReason::FingerprintMismatch => MediaFailure::FingerprintMismatch,
        FailReason::ConnectTimeout | FailReason::DtlsHandshake => MediaFailure::DtlsFailed,
        FailReason::ConsentExpired => MediaFailure::ConsentExpired,
    }
}

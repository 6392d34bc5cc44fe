//! What was negotiated, in the media workers' words.

use std::net::IpAddr;

use ringdown_media::api::{
    AudioParameters, ComfortNoiseFormat, DtlsRole, HeaderExtension, OpusWishes, PayloadFormat, RemoteSource,
    RtpRemote, RtpSecurity, RtxFormat, TelephoneEventFormat, Transport, VideoFormat, VideoStream,
    WebRtcRemote,
};
use ringdown_sdp::{
    BrowserTransport, LocalIdentity, Negotiated, NegotiatedDtls, NegotiatedSecurity, NegotiatedTransport,
    NegotiatedVideo,
};
use ringdown_types::CodecId;

/// What a worker must know of a leg's audio stream.
pub(crate) fn audio_parameters(negotiated: &Negotiated) -> AudioParameters {
    AudioParameters {
        codecs: negotiated
            .codecs
            .iter()
            .map(|codec| PayloadFormat {
                codec: codec.codec,
                send: codec.send_payload_type,
                receive: codec.receive_payload_type,
            })
            .collect(),
        telephone_events: negotiated
            .telephone_events
            .iter()
            .map(|event| TelephoneEventFormat {
                clock_rate: event.clock_rate,
                send: event.send_payload_type,
                receive: event.receive_payload_type,
            })
            .collect(),
        comfort_noise: negotiated.comfort_noise.map(|noise| ComfortNoiseFormat {
            send: noise.send_payload_type,
            receive: noise.receive_payload_type,
        }),
        audio_level: negotiated.audio_level,
        opus: opus_wishes(negotiated),
        direction: negotiated.direction,
        ptime_ms: negotiated.ptime_ms,
        local_ssrc: negotiated.local_ssrc,
        cname: negotiated.cname.clone(),
    }
}

/// What the peer says of the Opus it receives; the defaults where Opus was not negotiated.
fn opus_wishes(negotiated: &Negotiated) -> OpusWishes {
    let opus = negotiated.codecs.iter().find(|codec| codec.codec == CodecId::Opus).map(|codec| codec.opus);
    opus.map_or_else(OpusWishes::default, |opus| OpusWishes {
        inband_fec: opus.inband_fec,
        dtx: opus.dtx,
        constant_bitrate: opus.constant_bitrate,
        max_average_bitrate: opus.max_average_bitrate,
        max_playback_rate: opus.max_playback_rate,
    })
}

/// What a worker must know of a video stream. `transport` is a telephone's.
pub(crate) fn video_stream(
    video: &NegotiatedVideo,
    all: &Negotiated,
    transport: Option<Transport>,
) -> VideoStream {
    VideoStream {
        slot: video.slot,
        transport,
        mid: video.mid.clone(),
        formats: video
            .codecs
            .iter()
            .map(|codec| VideoFormat {
                coding: codec.coding,
                send: codec.send_payload_type,
                receive: codec.receive_payload_type,
                rtx: codec.rtx.map(|(send, receive)| RtxFormat { send, receive }),
            })
            .collect(),
        direction: video.direction,
        feedback: video.feedback,
        extensions: video
            .extensions
            .iter()
            .map(|extension| HeaderExtension {
                kind: extension.kind,
                send: extension.send_id,
                receive: extension.receive_id,
            })
            .collect(),
        local_ssrc: video.local_ssrc,
        local_rtx_ssrc: video.local_rtx_ssrc,
        remote_sources: video
            .sources
            .iter()
            .map(|source| RemoteSource { ssrc: source.ssrc, rtx: source.rtx })
            .collect(),
        cname: all.cname.clone(),
        max_send_kbps: video.max_kbps,
    }
}

/// The stream of a leg nothing was negotiated for yet.
pub(crate) fn unnegotiated(identity: &LocalIdentity) -> AudioParameters {
    AudioParameters {
        ptime_ms: 20,
        local_ssrc: identity.ssrc,
        cname: identity.cname.clone(),
        ..AudioParameters::default()
    }
}

/// A browser's transport, with what its description says once there is one.
pub(crate) fn web_rtc(local: &BrowserTransport, remote: Option<&NegotiatedTransport>) -> Transport {
    let remote = remote.and_then(|remote| match remote {
        NegotiatedTransport::WebRtc { ufrag, pwd, fingerprint, dtls_role } => Some(WebRtcRemote {
            ufrag: ufrag.clone(),
            pwd: pwd.clone(),
            fingerprint: *fingerprint,
            dtls_role: role_of(*dtls_role),
        }),
        NegotiatedTransport::Rtp { .. } => None,
    });
    Transport::WebRtc { local_ufrag: local.ufrag.clone(), local_pwd: local.pwd.clone(), remote }
}

/// A telephone's transport. `source` is where its signalling comes from: when the description names another
/// address, the telephone sits behind a NAT and sends from an address it does not know.
pub(crate) fn rtp(local_port: u16, remote: Option<&NegotiatedTransport>, source: IpAddr) -> Transport {
    let remote = remote.and_then(|remote| match remote {
        NegotiatedTransport::Rtp { rtp: Some(rtp), rtcp, security } => Some(RtpRemote {
            rtp: *rtp,
            rtcp: rtcp.unwrap_or(*rtp),
            nat_source: (rtp.ip() != source).then_some(source),
            security: rtp_security(security),
        }),
        NegotiatedTransport::Rtp { rtp: None, .. } | NegotiatedTransport::WebRtc { .. } => None,
    });
    Transport::Rtp { local_port, remote }
}

const fn rtp_security(security: &NegotiatedSecurity) -> RtpSecurity {
    match security {
        NegotiatedSecurity::None => RtpSecurity::None,
        NegotiatedSecurity::Sdes { send, receive } => RtpSecurity::Sdes { send: *send, receive: *receive },
        NegotiatedSecurity::Dtls(NegotiatedDtls { fingerprint, role }) => {
            RtpSecurity::Dtls { fingerprint: *fingerprint, role: role_of(*role) }
        }
    }
}

const fn role_of(role: ringdown_sdp::DtlsRole) -> DtlsRole {
    match role {
        ringdown_sdp::DtlsRole::Server => DtlsRole::Server,
        ringdown_sdp::DtlsRole::Client => DtlsRole::Client,
    }
}

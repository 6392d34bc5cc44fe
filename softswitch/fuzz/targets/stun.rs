//! Whatever arrives at a browser leg's transport: STUN first of all.
#![no_main]

use std::{
    net::SocketAddr,
    sync::LazyLock,
    time::{Duration, Instant},
};

use libfuzzer_sys::fuzz_target;
use ringdown_rtc::{
    DtlsIdentity, DtlsRole, Fingerprint, IceCredentials, WebRtcRemoteParams, WebRtcTransport, classify, is_rtcp,
    stun_local_ufrag,
};

static IDENTITY: LazyLock<DtlsIdentity> = LazyLock::new(|| DtlsIdentity::generate().expect("there is randomness"));

fuzz_target!(|datagrams: Vec<Vec<u8>>| {
    let now = Instant::now();
    let source = SocketAddr::from(([127, 0, 0, 1], 9));
    let local = IceCredentials::new("user", "passwordpasswordpassword").expect("long enough");
    let ice = IceCredentials::new("peer", "wordpasswordpasswordpass").expect("long enough");
    let mut transport = WebRtcTransport::new(local, IDENTITY.clone());
    let fingerprint = Fingerprint::of_certificate(b"");
    let _ = transport.set_remote(now, WebRtcRemoteParams { ice, fingerprint, role: DtlsRole::Server });
    for (step, mut datagram) in datagrams.into_iter().enumerate() {
        let _ = (datagram.first().copied().map(classify), is_rtcp(&datagram), stun_local_ufrag(&datagram).is_some());
        let now = now + Duration::from_millis(10 * step as u64);
        let _ = transport.handle_datagram(now, source, &mut datagram);
        while transport.poll_output().is_some() {}
        transport.handle_timeout(now);
    }
});

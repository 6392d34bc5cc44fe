//! RTP, telephone-events and RTCP.
#![no_main]

use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use ringdown_media::{
    rtcp::parse_compound,
    rtp::{EventPayload, TelephoneEventReceiver, is_rtcp, parse},
};

fuzz_target!(|datagrams: Vec<Vec<u8>>| {
    let start = Instant::now();
    let mut receiver = TelephoneEventReceiver::default();
    for (step, datagram) in datagrams.iter().enumerate() {
        let now = start + Duration::from_millis(20 * step as u64);
        if is_rtcp(datagram) {
            if let Ok(packets) = parse_compound(datagram) {
                assert!(packets.count() <= datagram.len() / 4);
            }
        } else if let Ok(packet) = parse(datagram) {
            let mut copy = datagram.clone();
            let _ = packet.write_before_payload(&mut copy);
            if let Some(event) = EventPayload::parse(datagram.get(12..).unwrap_or_default()) {
                let _ = receiver.handle_packet(now, step as u32, 8_000, event);
            }
        }
        let _ = receiver.handle_timeout(now);
    }
});

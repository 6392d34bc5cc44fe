//! The JSON a browser and a softswitch send.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringdown_control::{AppFrame, NodeFrame, decode, encode};

fuzz_target!(|text: &str| {
    // What was understood is understood again when it is written back.
    if let Ok(request) = ringdown_protocol::parse_request(text) {
        let written = serde_json::to_string(&request).expect("a request can be written");
        assert!(ringdown_protocol::parse_request(&written).is_ok());
    }
    if let Ok(frame) = decode::<NodeFrame>(text) {
        assert!(decode::<NodeFrame>(&encode(&frame)).is_ok());
    }
    if let Ok(frame) = decode::<AppFrame>(text) {
        assert!(decode::<AppFrame>(&encode(&frame)).is_ok());
    }
});

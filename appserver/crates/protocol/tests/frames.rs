//! Frames of clients: whatever arrives, the answer is a request or a refusal.

use proptest::prelude::*;
use ringdown_protocol::{
    Empty, FrameRefusal, LegParams, MAX_DEPTH, MAX_FRAME_BYTES, Method, Request, parse_request,
};

proptest! {
    #[test]
    fn any_text_is_a_request_or_refused(text in ".{0,400}") {
        let _ = parse_request(&text);
    }

    #[test]
    fn any_text_in_a_frame_is_a_request_or_refused(id in any::<i64>(), method in ".{0,20}", params in ".{0,200}") {
        let _ = parse_request(&format!("{{\"id\":{id},\"method\":{method:?},\"params\":{params}}}"));
    }

    #[test]
    fn a_request_is_read_as_it_was_written(id in any::<u32>(), call in ".{0,64}") {
        for method in [Method::Ping(Empty {}), Method::CallHangup(LegParams { call: call.clone() })] {
            let request = Request { id, method };
            let text = serde_json::to_string(&request).expect("a request is JSON");
            prop_assert_eq!(parse_request(&text), Ok(request));
        }
    }
}

#[test]
fn the_limits_are_where_they_are_said_to_be() {
    let nested = |depth: usize| {
        let depth = depth - 1;
        format!("{{\"id\":1,\"method\":\"ping\",\"params\":{}{}}}", "[".repeat(depth), "]".repeat(depth))
    };
    assert!(!matches!(parse_request(&nested(MAX_DEPTH)), Err(FrameRefusal::TooDeep)));
    assert_eq!(parse_request(&nested(MAX_DEPTH + 1)), Err(FrameRefusal::TooDeep));
    // Brackets in a string nest nothing, escaped quotes end none.
    let text = format!("{{\"id\":1,\"method\":\"ping\",\"params\":{{\"x\":\"\\\"{}\"}}}}", "[".repeat(100));
    assert!(parse_request(&text).is_ok());
    let padded = |length: usize| {
        format!("{{\"id\":1,\"method\":\"ping\",\"params\":{{}}{}}}", " ".repeat(length - 36))
    };
    assert_eq!(padded(MAX_FRAME_BYTES).len(), MAX_FRAME_BYTES);
    assert!(parse_request(&padded(MAX_FRAME_BYTES)).is_ok());
    assert_eq!(parse_request(&padded(MAX_FRAME_BYTES + 1)), Err(FrameRefusal::TooLong));
}

#[test]
fn a_token_is_in_no_debug_output() {
    let text = r#"{"id":1,"method":"hello","params":{"token":"sesame","client":{"name":"n","version":"1"}}}"#;
    let request = parse_request(text).expect("a hello");
    assert!(!format!("{request:?}").contains("sesame"));
}

//! A stream gives the same messages wherever it is cut.
#![no_main]

use std::time::Instant;

use libfuzzer_sys::fuzz_target;
use ringdown_sip::message::{Frame, StreamFramer};

/// What a stream holds, cut into pieces of `size` bytes, until it cannot be read any more.
fn frames(bytes: &[u8], size: usize) -> Vec<String> {
    let (mut framer, now) = (StreamFramer::new(), Instant::now());
    let mut frames = Vec::new();
    for piece in bytes.chunks(size.max(1)) {
        framer.handle_data(now, piece);
        while let Some(frame) = framer.poll_frame() {
            match frame {
                Ok(Frame::Message(message)) => frames.push(format!("{:?}", message.encode())),
                Ok(Frame::Malformed(error)) => frames.push(format!("malformed {error}")),
                Ok(Frame::Ping) => frames.push("ping".to_owned()),
                Err(error) => {
                    frames.push(format!("end {error}"));
                    return frames;
                }
            }
        }
    }
    frames
}

fuzz_target!(|input: (u8, &[u8])| {
    let (size, bytes) = input;
    assert_eq!(frames(bytes, bytes.len()), frames(bytes, usize::from(size)));
});

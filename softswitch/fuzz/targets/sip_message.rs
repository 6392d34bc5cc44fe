//! SIP from a datagram and from a stream cut anywhere.
#![no_main]

use std::time::Instant;

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use ringdown_sip::message::{Datagram, Fault, Frame, StreamFramer, parse_datagram};

fuzz_target!(|input: (u8, &[u8])| {
    let (cut, bytes) = input;
    match parse_datagram(&Bytes::copy_from_slice(bytes)) {
        Ok(Datagram::Message(message)) => {
            // What was understood is understood again, and alike, when it is written back.
            let written = message.encode();
            match parse_datagram(&written) {
                Ok(Datagram::Message(again)) => assert_eq!(again.encode(), written),
                // Compact names are written out, and Content-Length is added: at a limit that is too much.
                Err(error) if matches!(error.fault, Fault::MessageTooLong | Fault::LineTooLong) => {}
                other => panic!("{message:?} was written as something else: {other:?}"),
            }
        }
        Ok(Datagram::KeepAlive) => {}
        Err(error) => drop(error.response().map(|response| response.encode())),
    }

    let mut framer = StreamFramer::new();
    let now = Instant::now();
    for piece in bytes.chunks(usize::from(cut).max(1)) {
        framer.handle_data(now, piece);
        while let Some(frame) = framer.poll_frame() {
            match frame {
                Ok(Frame::Message(message)) => drop(message.encode()),
                Ok(Frame::Malformed(error)) | Err(error) => drop(error.response()),
                Ok(Frame::Ping) => {}
            }
        }
    }
});

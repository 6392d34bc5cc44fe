//! SIP over a byte stream, TCP or TLS (RFC 3261 §18.3, RFC 5626 §3.5.1).

use std::time::Instant;

use bytes::{Bytes, BytesMut};
use ringdown_sip::{
    endpoint::Flow,
    message::{Frame, StreamFramer},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::mpsc,
    time::{sleep, timeout},
};

use super::connection::{FIRST_MESSAGE, IDLE, Open, PARTING, WRITE};
use crate::switch_task::SwitchInput;

/// Serves a connection until it ends or breaks a limit.
pub(super) async fn serve<R, W>(reading: R, writing: W, open: Open)
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let Open { flow, switch, queued, pongs } = open;
    tokio::select! {
        () = read(reading, flow, &switch, pongs) => {}
        () = write(writing, queued) => {}
    }
}

/// Reads until the connection ends, breaks a limit or cannot be understood any more.
async fn read(
    mut stream: impl AsyncRead + Unpin,
    flow: Flow,
    switch: &mpsc::Sender<SwitchInput>,
    pongs: mpsc::WeakSender<Bytes>,
) {
    let mut framer = StreamFramer::new();
    let mut buffer = BytesMut::with_capacity(8_192);
    let mut patience = FIRST_MESSAGE;
    loop {
        let now = Instant::now();
        let wait = framer.next_timeout().map_or(patience, |at| at.saturating_duration_since(now));
        buffer.clear();
        match timeout(wait.min(patience), stream.read_buf(&mut buffer)).await {
            Ok(Ok(length)) if length > 0 => {}
            _ => return,
        }
        framer.handle_data(Instant::now(), &buffer);
        while let Some(frame) = framer.poll_frame() {
            let is_last = frame.is_err();
            let input = match frame {
                Ok(Frame::Message(message)) => {
                    patience = IDLE;
                    SwitchInput::Message { flow, message: Box::new(message) }
                }
                Ok(Frame::Malformed(error)) | Err(error) => SwitchInput::Malformed { flow, error },
                Ok(Frame::Ping) => {
                    let pong = Bytes::from_static(StreamFramer::PONG);
                    if pongs.upgrade().is_none_or(|pongs| pongs.try_send(pong).is_err()) {
                        return;
                    }
                    continue;
                }
            };
            // Waiting here is back-pressure: the peer's TCP stops.
            if switch.send(input).await.is_err() {
                return;
            }
            if is_last {
                // The switch's answer is written before the connection closes.
                sleep(PARTING).await;
                return;
            }
        }
    }
}

async fn write(mut stream: impl AsyncWrite + Unpin, mut queued: mpsc::Receiver<Bytes>) {
    while let Some(bytes) = queued.recv().await {
        let written = async {
            stream.write_all(&bytes).await?;
            // TLS keeps what the socket did not take.
            stream.flush().await
        };
        match timeout(WRITE, written).await {
            Ok(Ok(())) => {}
            _ => return,
        }
    }
    // TLS says goodbye, so that nobody can cut a connection short unnoticed.
    drop(timeout(WRITE, stream.shutdown()).await);
}

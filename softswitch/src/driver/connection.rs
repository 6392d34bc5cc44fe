//! A connection from its admission to its end, whatever is spoken over it.

use std::{future::Future, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use ringdown_sip::endpoint::{Flow, Transport};
use socket2::{SockRef, TcpKeepalive};
use tokio::{
    net::TcpStream,
    sync::{mpsc, watch},
};
use tracing::debug;

use super::admission::{Admission, Counted};
use crate::switch_task::SwitchInput;

/// Messages that wait to be written to one connection; a peer that reads slower loses it.
const WRITE_QUEUE: usize = 1_024;

/// A connection on which nothing came for this long is closed. Registered telephones refresh more often.
pub(super) const IDLE: Duration = Duration::from_secs(2 * 3600);

/// A connection that has not sent one whole message by then is closed; TLS must have shaken hands by then too.
pub(super) const FIRST_MESSAGE: Duration = Duration::from_secs(10);

/// A write that takes longer closes the connection.
pub(super) const WRITE: Duration = Duration::from_secs(10);

/// What the kernel keeps of what a peer does not read. A slow one costs this and [`WRITE_QUEUE`] messages.
const SEND_BUFFER: usize = 128 * 1024;

/// How long the last answer to a peer that broke the protocol has to leave.
pub(super) const PARTING: Duration = Duration::from_millis(200);

/// The switch task's end of a connection. Dropping it closes the connection once what waits is written.
#[derive(Debug)]
pub(crate) struct Connection {
    /// Its flow.
    pub flow: Flow,
    writer: mpsc::Sender<Bytes>,
}

impl Connection {
    /// Queues bytes; `false` if the connection is gone or too slow.
    pub(crate) fn send(&self, bytes: Bytes) -> bool {
        self.writer.try_send(bytes).is_ok()
    }
}

/// What every connection is served with.
#[derive(Debug, Clone)]
pub(super) struct Service {
    pub(super) switch: mpsc::Sender<SwitchInput>,
    pub(super) admission: Arc<Admission>,
    /// Its end tells every connection to close.
    pub(super) open: watch::Receiver<()>,
}

/// A connection that is open.
pub(super) struct Open {
    pub(super) flow: Flow,
    pub(super) switch: mpsc::Sender<SwitchInput>,
    /// What the switch task has to send; its end asks to close.
    pub(super) queued: mpsc::Receiver<Bytes>,
    /// For answers the driver gives itself, such as keep-alives.
    pub(super) pongs: mpsc::WeakSender<Bytes>,
}

impl Service {
    /// Announces a connection to the switch task, serves it, and takes leave of it.
    pub(super) async fn run<F: Future<Output = ()>>(
        mut self,
        transport: Transport,
        (local, remote): (SocketAddr, SocketAddr),
        counted: Counted,
        serve: impl FnOnce(Open) -> F,
    ) {
        let flow = Flow { transport, local, remote, connection: self.admission.number() };
        let (writer, queued) = mpsc::channel(WRITE_QUEUE);
        let open = Open { flow, switch: self.switch.clone(), queued, pongs: writer.downgrade() };
        if self.switch.send(SwitchInput::Connected(Connection { flow, writer })).await.is_err() {
            return;
        }
        tokio::select! {
            () = serve(open) => {}
            // The listeners were dropped: the program ends.
            _ = self.open.changed() => {}
        }
        drop(counted);
        drop(self.switch.send(SwitchInput::ConnectionClosed { flow }).await);
    }
}

/// Prepares a stream; both its addresses, or `None` if it is gone already.
pub(super) fn prepare(stream: &TcpStream) -> Option<(SocketAddr, SocketAddr)> {
    let (local, remote) = (stream.local_addr().ok()?, stream.peer_addr().ok()?);
    if let Err(error) = stream.set_nodelay(true) {
        debug!(%error, "no delay not set");
    }
    if let Err(error) = SockRef::from(stream).set_send_buffer_size(SEND_BUFFER) {
        debug!(%error, "send buffer not set");
    }
    // A peer that vanished is noticed within two minutes, also where nobody sends anything.
    let keepalive = TcpKeepalive::new()
        .with_time(Duration::from_secs(60))
        .with_interval(Duration::from_secs(15))
        .with_retries(4);
    let socket = SockRef::from(stream);
    if let Err(error) = socket
        .set_tcp_keepalive(&keepalive)
        .and_then(|()| socket.set_tcp_user_timeout(Some(Duration::from_secs(30))))
    {
        debug!(%error, "keep-alive not set");
    }
    Some((local, remote))
}

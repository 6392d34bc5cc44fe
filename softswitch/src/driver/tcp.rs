//! SIP over TCP: one task per connection, with limits on what an unknown peer can hold.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::{Bytes, BytesMut};
use ringdown_sip::{
    endpoint::{ConnectionId, Flow, Transport},
    message::{Frame, StreamFramer},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{mpsc, watch},
    task::JoinSet,
    time::{sleep, timeout},
};
use tracing::{debug, warn};

use crate::switch_task::SwitchInput;

/// Connections of one address at a time. More let one peer hold more memory; fewer hurt telephones behind one NAT.
const PER_ADDRESS: u32 = 64;

/// Connections at a time.
const TOTAL: u32 = 8_192;

/// Messages that wait to be written to one connection; a peer that reads slower loses it.
const WRITE_QUEUE: usize = 256;

/// A connection on which nothing came for this long is closed. Registered telephones refresh more often.
const IDLE: Duration = Duration::from_secs(2 * 3600);

/// A connection that has not sent one whole message by then is closed.
const FIRST_MESSAGE: Duration = Duration::from_secs(10);

/// A write that takes longer closes the connection.
const WRITE: Duration = Duration::from_secs(10);

/// An attempt to connect that takes longer is given up.
const CONNECT: Duration = Duration::from_secs(5);

/// The switch task's end of a connection. Dropping it closes the connection once what waits is written.
#[derive(Debug)]
pub(crate) struct TcpConnection {
    /// Its flow.
    pub flow: Flow,
    writer: mpsc::Sender<Bytes>,
}

impl TcpConnection {
    /// Queues bytes; `false` if the connection is gone or too slow.
    pub(crate) fn send(&self, bytes: Bytes) -> bool {
        self.writer.try_send(bytes).is_ok()
    }
}

/// The listening TCP sockets, and the means to connect. Dropping it closes every connection.
#[derive(Debug)]
pub(crate) struct TcpListeners {
    listeners: Vec<TcpListener>,
    tasks: JoinSet<()>,
    shared: Arc<Shared>,
    /// Its end tells every connection to close.
    open: watch::Sender<()>,
}

#[derive(Debug)]
struct Shared {
    next: AtomicU64,
    /// How many connections each address has.
    counts: Mutex<HashMap<IpAddr, u32>>,
}

/// Counts a connection for as long as it lives.
struct Counted {
    shared: Arc<Shared>,
    address: IpAddr,
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut counts = self.shared.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}

impl Shared {
    fn admit(self: &Arc<Self>, address: IpAddr) -> Option<Counted> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.values().sum::<u32>() >= TOTAL {
            return None;
        }
        let count = counts.entry(address).or_default();
        if *count >= PER_ADDRESS {
            return None;
        }
        *count += 1;
        Some(Counted { shared: Arc::clone(self), address })
    }
}

impl TcpListeners {
    /// Binds every address. Connections are numbered from `first_id`, which is above every UDP socket's number.
    ///
    /// # Errors
    /// When one cannot be bound.
    pub(crate) async fn bind(addresses: &[SocketAddr], first_id: u64) -> io::Result<Self> {
        let mut listeners = Vec::with_capacity(addresses.len());
        for address in addresses {
            listeners.push(TcpListener::bind(address).await?);
        }
        let shared = Shared { next: AtomicU64::new(first_id), counts: Mutex::default() };
        let open = watch::Sender::new(());
        Ok(Self { listeners, tasks: JoinSet::new(), shared: Arc::new(shared), open })
    }

    /// Starts to accept.
    pub(crate) fn serve(&mut self, switch: &mpsc::Sender<SwitchInput>) {
        for listener in self.listeners.drain(..) {
            let (switch, shared, open) = (switch.clone(), Arc::clone(&self.shared), self.open.subscribe());
            self.tasks.spawn(async move {
                let mut connections = JoinSet::new();
                loop {
                    match listener.accept().await {
                        Ok((stream, remote)) => match shared.admit(remote.ip()) {
                            Some(counted) => {
                                let id = ConnectionId(shared.next.fetch_add(1, Ordering::Relaxed));
                                connections.spawn(run(stream, id, switch.clone(), open.clone(), counted));
                            }
                            None => debug!("connection refused: too many"),
                        },
                        Err(error) => {
                            // Out of descriptors: existing calls go on, new connections wait.
                            warn!(%error, "accept failed");
                            sleep(Duration::from_millis(100)).await;
                        }
                    }
                    while connections.try_join_next().is_some() {}
                }
            });
        }
    }

    /// Connects to a peer; the switch task hears [`SwitchInput::Connected`] or [`SwitchInput::ConnectFailed`].
    pub(crate) fn connect(&mut self, remote: SocketAddr, switch: &mpsc::Sender<SwitchInput>) {
        let (switch, shared, open) = (switch.clone(), Arc::clone(&self.shared), self.open.subscribe());
        while self.tasks.try_join_next().is_some() {}
        self.tasks.spawn(async move {
            let admitted = shared.admit(remote.ip());
            let stream = timeout(CONNECT, TcpStream::connect(remote)).await;
            match (admitted, stream) {
                (Some(counted), Ok(Ok(stream))) => {
                    let id = ConnectionId(shared.next.fetch_add(1, Ordering::Relaxed));
                    run(stream, id, switch, open, counted).await;
                }
                _ => drop(switch.send(SwitchInput::ConnectFailed { remote }).await),
            }
        });
    }
}

async fn run(
    stream: TcpStream,
    connection: ConnectionId,
    switch: mpsc::Sender<SwitchInput>,
    mut open: watch::Receiver<()>,
    counted: Counted,
) {
    let (Ok(local), Ok(remote)) = (stream.local_addr(), stream.peer_addr()) else { return };
    if let Err(error) = stream.set_nodelay(true) {
        debug!(%error, "no delay not set");
    }
    let flow = Flow { transport: Transport::Tcp, local, remote, connection };
    let (writer, queued) = mpsc::channel(WRITE_QUEUE);
    let (reading, writing) = stream.into_split();
    let pongs = writer.clone();
    if switch.send(SwitchInput::Connected(TcpConnection { flow, writer })).await.is_err() {
        return;
    }
    tokio::select! {
        () = read(reading, flow, &switch, pongs) => {}
        () = write(writing, queued) => {}
        // The listeners were dropped: the program ends.
        _ = open.changed() => {}
    }
    drop(counted);
    drop(switch.send(SwitchInput::ConnectionClosed { flow }).await);
}

/// Reads until the connection ends, breaks a limit or cannot be understood any more.
async fn read(
    mut stream: OwnedReadHalf,
    flow: Flow,
    switch: &mpsc::Sender<SwitchInput>,
    pongs: mpsc::Sender<Bytes>,
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
                    if pongs.try_send(Bytes::from_static(StreamFramer::PONG)).is_err() {
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
                sleep(Duration::from_millis(200)).await;
                return;
            }
        }
    }
}

async fn write(mut stream: OwnedWriteHalf, mut queued: mpsc::Receiver<Bytes>) {
    while let Some(bytes) = queued.recv().await {
        match timeout(WRITE, stream.write_all(&bytes)).await {
            Ok(Ok(())) => {}
            _ => return,
        }
    }
}

//! Where connections are accepted, and the means to connect.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use ringdown_sip::endpoint::Transport;
use socket2::{Protocol, Type};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tracing::{debug, warn};

use super::{
    admission::{Admission, Counted},
    connection::{FIRST_MESSAGE, Service, prepare},
    socket, stream,
    tls::{Acceptors, Certificate, CertificateError, CertificateFiles},
    websocket::{self, WebSocketRules},
};
use crate::switch_task::SwitchInput;

/// An attempt to connect that takes longer is given up. A request that waits for it goes over UDP then, so this is how
/// long a telephone behind a firewall that swallows attempts rings late, once an hour.
const CONNECT: Duration = Duration::from_secs(2);

/// Connections the kernel keeps while none is accepted.
const BACKLOG: i32 = 1_024;

/// The addresses of each transport.
#[derive(Debug, Clone, Default)]
pub(crate) struct ListenAddresses {
    /// TCP.
    pub tcp: Vec<SocketAddr>,
    /// TLS.
    pub tls: Vec<SocketAddr>,
    /// WebSocket.
    pub ws: Vec<SocketAddr>,
    /// WebSocket over TLS.
    pub wss: Vec<SocketAddr>,
}

impl ListenAddresses {
    /// Whether a certificate is needed.
    pub(crate) fn use_tls(&self) -> bool {
        !self.tls.is_empty() || !self.wss.is_empty()
    }
}

/// Why connections cannot be served.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ListenError {
    /// An address is taken or not ours.
    #[error("listening on {transport} {source}")]
    Address {
        /// The transport's name.
        transport: &'static str,
        /// The address, and what is wrong with it.
        source: io::Error,
    },
    /// The certificate.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}

/// The listening sockets of every transport with connections. Dropping it closes every connection.
#[derive(Debug)]
pub(crate) struct Listeners {
    sockets: Vec<(TcpListener, Speaks)>,
    certificate: Option<Certificate>,
    tasks: JoinSet<()>,
    admission: Arc<Admission>,
    /// Its end tells every connection to close.
    open: watch::Sender<()>,
}

/// What is spoken on a socket.
#[derive(Debug, Clone)]
enum Speaks {
    Tcp,
    Tls(Acceptors),
    Ws(Arc<WebSocketRules>),
    Wss(Acceptors, Arc<WebSocketRules>),
}

impl Listeners {
    /// Binds every address. Connections are numbered from `first_id`, which is above every UDP socket's number.
    ///
    /// # Errors
    /// When one cannot be bound, or the certificate cannot be used.
    pub(crate) fn bind(
        addresses: &ListenAddresses,
        certificate: Option<CertificateFiles>,
        rules: WebSocketRules,
        first_id: u64,
    ) -> Result<Self, ListenError> {
        let certificate = certificate.map(Certificate::open).transpose()?;
        let rules = Arc::new(rules);
        let mut sockets = Vec::new();
        let mut add = |addresses: &[SocketAddr], transport: Transport, speaks: Speaks| {
            let bound = socket::bind_each(addresses, listen)
                .map_err(|source| ListenError::Address { transport: transport.via_name(), source })?;
            sockets.extend(bound.into_iter().map(|socket| (socket, speaks.clone())));
            Ok::<_, ListenError>(())
        };
        add(&addresses.tcp, Transport::Tcp, Speaks::Tcp)?;
        add(&addresses.ws, Transport::Ws, Speaks::Ws(Arc::clone(&rules)))?;
        if let Some(certificate) = &certificate {
            add(&addresses.tls, Transport::Tls, Speaks::Tls(certificate.acceptors()))?;
            add(&addresses.wss, Transport::Wss, Speaks::Wss(certificate.acceptors(), rules))?;
        }
        let (admission, open) = (Arc::new(Admission::new(first_id)), watch::Sender::new(()));
        Ok(Self { sockets, certificate, tasks: JoinSet::new(), admission, open })
    }

    /// Starts to accept.
    pub(crate) fn serve(&mut self, switch: &mpsc::Sender<SwitchInput>) {
        for (socket, speaks) in std::mem::take(&mut self.sockets) {
            self.tasks.spawn(accept(socket, speaks, self.service(switch)));
        }
        if let Some(certificate) = self.certificate.take() {
            self.tasks.spawn(certificate.look_after());
        }
    }

    /// Connects to a peer over TCP; the switch task hears [`SwitchInput::Connected`] or
    /// [`SwitchInput::ConnectFailed`].
    pub(crate) fn connect(&mut self, remote: SocketAddr, switch: &mpsc::Sender<SwitchInput>) {
        let service = self.service(switch);
        while self.tasks.try_join_next().is_some() {}
        self.tasks.spawn(async move {
            let admitted = service.admission.admit(remote.ip());
            let stream = timeout(CONNECT, TcpStream::connect(remote)).await;
            match (admitted, stream) {
                (Some(counted), Ok(Ok(stream))) => serve_one(stream, Speaks::Tcp, service, counted).await,
                _ => drop(service.switch.send(SwitchInput::ConnectFailed { remote }).await),
            }
        });
    }

    fn service(&self, switch: &mpsc::Sender<SwitchInput>) -> Service {
        let (admission, open) = (Arc::clone(&self.admission), self.open.subscribe());
        Service { switch: switch.clone(), admission, open }
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = socket::open(address, Type::STREAM, Protocol::TCP)?;
    // A restarted program listens again at once.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

async fn accept(socket: TcpListener, speaks: Speaks, service: Service) {
    let mut connections = JoinSet::new();
    loop {
        match socket.accept().await {
            Ok((stream, remote)) => match service.admission.admit(remote.ip()) {
                Some(counted) => {
                    connections.spawn(serve_one(stream, speaks.clone(), service.clone(), counted));
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
}

async fn serve_one(stream: TcpStream, speaks: Speaks, service: Service, counted: Counted) {
    let Some(addresses) = prepare(&stream) else { return };
    let mut closing = service.open.clone();
    let shaken = async {
        Some(match speaks {
            Speaks::Tcp => Shaken::Tcp(stream),
            Speaks::Tls(acceptors) => Shaken::Tls(secure(stream, &acceptors).await?),
            Speaks::Ws(rules) => Shaken::Ws(websocket::accept(stream, rules).await?),
            Speaks::Wss(acceptors, rules) => {
                Shaken::Wss(websocket::accept(secure(stream, &acceptors).await?, rules).await?)
            }
        })
    };
    let shaken = tokio::select! {
        shaken = shaken => shaken,
        // The listeners were dropped: the program ends.
        _ = closing.changed() => return,
    };
    match shaken {
        Some(Shaken::Tcp(stream)) => {
            let (reading, writing) = stream.into_split();
            let serve = |open| stream::serve(reading, writing, open);
            service.run(Transport::Tcp, addresses, counted, serve).await;
        }
        Some(Shaken::Tls(stream)) => {
            let (reading, writing) = tokio::io::split(*stream);
            let serve = |open| stream::serve(reading, writing, open);
            service.run(Transport::Tls, addresses, counted, serve).await;
        }
        Some(Shaken::Ws(page)) => {
            service.run(Transport::Ws, addresses, counted, |open| page.serve(open)).await;
        }
        Some(Shaken::Wss(page)) => {
            service.run(Transport::Wss, addresses, counted, |open| page.serve(open)).await;
        }
        None => {}
    }
}

/// A connection after its handshakes.
enum Shaken {
    Tcp(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
    Ws(websocket::Page<TcpStream>),
    Wss(websocket::Page<Box<TlsStream<TcpStream>>>),
}

async fn secure(stream: TcpStream, acceptors: &Acceptors) -> Option<Box<TlsStream<TcpStream>>> {
    let acceptor = TlsAcceptor::from(Arc::clone(&acceptors.borrow()));
    match timeout(FIRST_MESSAGE, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => Some(Box::new(stream)),
        Ok(Err(error)) => {
            debug!(%error, "no TLS");
            None
        }
        Err(_) => None,
    }
}

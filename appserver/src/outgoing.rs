//! HTTPS requests of the server's own: to identity providers and to browsers' push services.
//!
//! A push service is whatever address a browser names, so nobody may look around the server's network with one: hosts
//! the configuration names are asked whatever their address, all others only where their address is public, and the
//! address that is checked is the one that is connected to. No redirect is followed. Plain `http:` is for named hosts.

mod address;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::body::Bytes;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::{
    Method, Request, StatusCode, Version,
    body::Incoming,
    client::conn::http1,
    header::{self, HeaderMap, HeaderName, HeaderValue},
};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
    sync::{OnceCell, Semaphore},
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use address::is_public;

/// An answer may have this many octets: key sets and tokens are far shorter.
const MAX_OCTETS: usize = 256 * 1024;
/// From the connection to the last octet.
const WITHIN: Duration = Duration::from_secs(10);
/// One address of a name that swallows everything must leave time for the next.
const CONNECT_WITHIN: Duration = Duration::from_secs(3);
/// Requests at once. More would only let a slow service hold more sockets.
const AT_ONCE: usize = 64;
/// Addresses of a host that are tried.
const MAX_ADDRESSES: usize = 3;

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OutgoingError {
    /// No `https:` URL, or one with a user name.
    #[error("it is no https URL without a user name")]
    Url,
    /// The host is not named and has no public address.
    #[error("the host has no public address")]
    Address,
    /// Nobody answers, or not by TLS with a certificate this system trusts.
    #[error("the host cannot be reached")]
    Unreachable,
    /// It took too long.
    #[error("no answer within 10 s")]
    TooSlow,
    /// The answer is too long.
    #[error("the answer is longer than 256 KiB")]
    TooLarge,
}

/// A request.
#[derive(Debug)]
pub struct Outgoing {
    /// `GET` or `POST`.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// Beside those every request has.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// What is sent.
    pub body: Bytes,
}

impl Outgoing {
    /// A request without a body.
    pub fn get(url: Url) -> Self {
        let json = (header::ACCEPT, HeaderValue::from_static("application/json"));
        Self { method: Method::GET, url, headers: vec![json], body: Bytes::new() }
    }

    /// One with a body.
    pub fn post(url: Url, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let kind = (header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        Self { method: Method::POST, url, headers: vec![kind], body: body.into() }
    }

    /// The same with one more header.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// How it went.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// What came.
    pub body: Bytes,
}

/// Sends requests.
#[derive(Debug)]
pub struct Sender {
    named: Vec<String>,
    tls: OnceCell<Arc<ClientConfig>>,
    turns: Semaphore,
}

impl Sender {
    /// `named` hosts may have any address and plain `http:`.
    pub fn new(named: impl IntoIterator<Item = String>) -> Self {
        let named = named.into_iter().filter_map(|host| Host::parse(&host).ok().map(compared)).collect();
        Self { named, tls: OnceCell::new(), turns: Semaphore::new(AT_ONCE) }
    }

    /// Whether a URL may be asked for at all, as far as it says itself.
    ///
    /// # Errors
    /// [`OutgoingError::Url`].
    pub fn check(&self, url: &Url) -> Result<(), OutgoingError> {
        let is_plain = url.username().is_empty() && url.password().is_none() && url.host().is_some();
        let is_safe = url.scheme() == "https" || (url.scheme() == "http" && self.is_named(url));
        if is_plain && is_safe { Ok(()) } else { Err(OutgoingError::Url) }
    }

    /// Sends a request over a connection of its own.
    ///
    /// # Errors
    /// When it may not be sent, or nothing that can be used comes back.
    pub async fn send(&self, request: Outgoing) -> Result<Answer, OutgoingError> {
        self.check(&request.url)?;
        let ask = async {
            let _turn = self.turns.acquire().await.map_err(|_| OutgoingError::Unreachable)?;
            // Dropped with everything it reads once the answer is whole.
            let mut connection = JoinSet::new();
            let response = self.ask(request, &mut connection).await?;
            let (head, body) = response.into_parts();
            let body = read(body).await?;
            Ok(Answer { status: head.status, headers: head.headers, body })
        };
        timeout(WITHIN, ask).await.unwrap_or(Err(OutgoingError::TooSlow))
    }

    fn is_named(&self, url: &Url) -> bool {
        url.host().is_some_and(|host| self.named.contains(&compared(host)))
    }

    async fn ask(
        &self,
        outgoing: Outgoing,
        connection: &mut JoinSet<()>,
    ) -> Result<hyper::Response<Incoming>, OutgoingError> {
        let url = &outgoing.url;
        let stream = self.connect(url).await?;
        let host = url.host_str().ok_or(OutgoingError::Url)?;
        let authority = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let mut request = Request::builder()
            .method(outgoing.method)
            .uri(&url[url::Position::BeforePath..url::Position::AfterQuery])
            .version(Version::HTTP_11)
            .header(header::HOST, authority)
            .header(header::USER_AGENT, "Ringdown")
            .header(header::CONNECTION, "close");
        for (name, value) in outgoing.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(outgoing.body)).map_err(|_| OutgoingError::Url)?;
        if url.scheme() == "http" {
            return exchange(stream, request, connection).await;
        }
        let name = url.host().map(compared).and_then(|host| ServerName::try_from(host).ok());
        let tls = self.tls.get_or_try_init(|| async { trust_the_system() }).await?;
        let stream = TlsConnector::from(Arc::clone(tls)).connect(name.ok_or(OutgoingError::Url)?, stream);
        exchange(stream.await.map_err(|_| OutgoingError::Unreachable)?, request, connection).await
    }

    async fn connect(&self, url: &Url) -> Result<TcpStream, OutgoingError> {
        let port = url.port_or_known_default().ok_or(OutgoingError::Url)?;
        let addresses: Vec<SocketAddr> = match url.host().ok_or(OutgoingError::Url)? {
            Host::Ipv4(address) => vec![(address, port).into()],
            Host::Ipv6(address) => vec![(address, port).into()],
            Host::Domain(name) => {
                lookup_host((name, port)).await.map_err(|_| OutgoingError::Unreachable)?.collect()
            }
        };
        let is_named = self.is_named(url);
        let allowed: Vec<_> =
            addresses.into_iter().filter(|address| is_named || is_public(address.ip())).collect();
        if allowed.is_empty() {
            return Err(OutgoingError::Address);
        }
        for address in allowed.into_iter().take(MAX_ADDRESSES) {
            if let Ok(Ok(stream)) = timeout(CONNECT_WITHIN, TcpStream::connect(address)).await {
                return Ok(stream);
            }
        }
        Err(OutgoingError::Unreachable)
    }
}

async fn exchange<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    request: Request<Full<Bytes>>,
    connection: &mut JoinSet<()>,
) -> Result<hyper::Response<Incoming>, OutgoingError> {
    let unreachable = |_| OutgoingError::Unreachable;
    let (mut sender, driven) = http1::handshake(TokioIo::new(stream)).await.map_err(unreachable)?;
    connection.spawn(async { drop(driven.await) });
    sender.send_request(request).await.map_err(unreachable)
}

async fn read(body: Incoming) -> Result<Bytes, OutgoingError> {
    match Limited::new(body, MAX_OCTETS).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(OutgoingError::TooLarge),
        Err(_) => Err(OutgoingError::Unreachable),
    }
}

/// The certificates this system trusts; `SSL_CERT_FILE` names others.
fn trust_the_system() -> Result<Arc<ClientConfig>, OutgoingError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (known, _) = roots.add_parsable_certificates(found.certs);
    if known == 0 {
        tracing::warn!(
            "this system trusts no certificates: identity providers and push services are not reached"
        );
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| OutgoingError::Unreachable)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// A host without brackets and without the dot at the end.
fn compared<S: AsRef<str>>(host: Host<S>) -> String {
    match host {
        Host::Domain(name) => name.as_ref().trim_end_matches('.').to_ascii_lowercase(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(url: &str) -> Outgoing {
        Outgoing::get(Url::parse(url).expect("a URL"))
    }

    #[tokio::test]
    async fn nobody_looks_around_the_network() {
        let sender = Sender::new(["named.example".to_owned()]);
        for url in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://0x7f000001/",
            "https://2130706433/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://169.254.169.254/latest/meta-data",
            "https://10.0.0.1:8443/",
            "https://localhost/",
        ] {
            assert_eq!(sender.send(get(url)).await.err(), Some(OutgoingError::Address), "{url}");
        }
        for url in [
            "http://example.com/",
            "https://user@example.com/",
            "https://:secret@example.com/",
            "ftp://named.example/",
        ] {
            assert_eq!(sender.send(get(url)).await.err(), Some(OutgoingError::Url), "{url}");
        }
    }
}

//! Sounds from the web, for rooms and legs: fetched within strict bounds, and only from where the operator allows.
//!
//! Whoever may play a sound must not be able to look around the network of the softswitch with it. The setting
//! `play_hosts` names hosts that may be asked, whatever their address; `*` stands for any other host, but of those only
//! public addresses are connected to. The address that is checked is the one that is connected to, for redirects too.

use std::{
    collections::VecDeque,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::{
    HeaderMap, Request, Response, StatusCode, Version,
    body::Incoming,
    client::conn::http1,
    header::{self, HeaderName},
};
use hyper_util::rt::TokioIo;
use ringdown_control::{CommandError, CommandResult};
use ringdown_media::{ogg, resample::resample, wav, wide::WIDE_RATE};
use rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::ServerName};
use thiserror::Error;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
    sync::{OnceCell, Semaphore},
    task::{JoinSet, spawn_blocking},
    time::timeout,
};
use tokio_rustls::TlsConnector;
use tracing::warn;
use url::{Host, Url};

/// A file may have this many octets: eight minutes of WAV at 16 kHz.
const MAX_OCTETS: usize = 16 * 1024 * 1024;

/// From the command to the decoded sound. The app server waits five seconds for a reply.
const WITHIN: Duration = Duration::from_secs(4);

/// Redirects followed.
const MAX_REDIRECTS: usize = 3;

/// Files read at once, at up to 100 MB of memory each while they are decoded.
const AT_ONCE: usize = 2;

/// Wishes that wait for their turn.
const WAITING: usize = 64;

/// A sound is played again without asking for it for so long; afterwards its server is asked whether it changed.
const FRESH: Duration = Duration::from_secs(60);

/// Sounds kept, and their samples together: 20 minutes, 38 MB.
const MAX_KEPT: usize = 8;
const MAX_KEPT_SAMPLES: usize = 20 * 60 * WIDE_RATE as usize;

/// Addresses of a host that are tried.
const MAX_ADDRESSES: usize = 3;

/// Media types of WAV and of Ogg files.
const WAV_TYPES: [&str; 4] = ["audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"];
const OGG_TYPES: [&str; 3] = ["audio/ogg", "application/ogg", "audio/opus"];

/// Why there is no sound.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum FetchError {
    #[error("no http or https URL without a user name")]
    Url,
    #[error("sounds of this host are not allowed: play_hosts does not name it")]
    Host,
    #[error("the host has no public address")]
    Address,
    #[error("the host cannot be reached")]
    Unreachable,
    #[error("the server answers with status {0}")]
    Status(u16),
    #[error("more than {MAX_REDIRECTS} redirects, or one that leads nowhere")]
    Redirects,
    #[error("the file is of another type than WAV and Ogg")]
    Type,
    #[error("the file is larger than 16 MiB")]
    TooLarge,
    #[error("the file cannot be played: {0}")]
    Unplayable(String),
    #[error("the file did not come within 4 seconds")]
    TooSlow,
    #[error("too many sounds are being fetched")]
    Busy,
}

impl From<FetchError> for CommandResult {
    fn from(error: FetchError) -> Self {
        let code = match error {
            FetchError::Unreachable | FetchError::TooSlow | FetchError::Busy => CommandError::Congestion,
            _ => CommandError::Invalid,
        };
        Self::Refused { error: code, message: error.to_string() }
    }
}

/// Fetches sounds.
#[derive(Debug)]
pub(crate) struct SoundFetcher {
    hosts: Vec<String>,
    within: Duration,
    tls: OnceCell<Arc<ClientConfig>>,
    waiting: Semaphore,
    turns: Arc<Semaphore>,
    kept: Mutex<VecDeque<Kept>>,
}

/// A sound that was fetched.
#[derive(Debug, Clone)]
struct Kept {
    asked: Url,
    /// Where it was after redirects.
    found: Url,
    etag: Option<header::HeaderValue>,
    since: Instant,
    samples: Arc<[i16]>,
}

/// A file, or that it did not change.
enum Answer {
    File { found: Url, etag: Option<header::HeaderValue>, is_ogg: bool, body: Bytes },
    Unchanged,
}

impl SoundFetcher {
    /// Fetches from these hosts: names or addresses, `*` for any that is public. None at all where there are none.
    pub(crate) fn new(hosts: &[String]) -> Self {
        Self {
            hosts: hosts.iter().map(|host| plain_host(host).unwrap_or_else(|| host.clone())).collect(),
            within: WITHIN,
            tls: OnceCell::new(),
            waiting: Semaphore::new(WAITING),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            kept: Mutex::default(),
        }
    }

    /// The sound at `url`: samples of [`WIDE_RATE`], ten minutes at most.
    ///
    /// # Errors
    /// Where it may not be fetched, cannot be, or is no sound.
    pub(crate) async fn fetch(&self, url: &str) -> Result<Arc<[i16]>, FetchError> {
        let url = Url::parse(url).map_err(|_| FetchError::Url)?;
        self.check(&url)?;
        let _waiting = self.waiting.try_acquire().map_err(|_| FetchError::Busy)?;
        timeout(self.within, self.fetch_in_turn(url)).await.unwrap_or(Err(FetchError::TooSlow))
    }

    async fn fetch_in_turn(&self, url: Url) -> Result<Arc<[i16]>, FetchError> {
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| FetchError::Busy)?;
        let kept = self.kept(&url);
        if let Some(kept) = kept.as_ref().filter(|kept| kept.since.elapsed() < FRESH) {
            return Ok(Arc::clone(&kept.samples));
        }
        match (self.follow(&url, kept.as_ref()).await?, kept) {
            (Answer::Unchanged, Some(kept)) => {
                let samples = Arc::clone(&kept.samples);
                self.keep(Kept { since: Instant::now(), ..kept });
                Ok(samples)
            }
            (Answer::Unchanged, None) => Err(FetchError::Status(StatusCode::NOT_MODIFIED.as_u16())),
            (Answer::File { found, etag, is_ogg, body }, _) => {
                // A decoder that is given up on still has its turn.
                let decode = move || {
                    let _turn = turn;
                    decode(&body, is_ogg)
                };
                let decoded = spawn_blocking(decode).await;
                let samples =
                    decoded.unwrap_or_else(|error| Err(FetchError::Unplayable(error.to_string())))?;
                let kept = Arc::clone(&samples);
                self.keep(Kept { asked: url, found, etag, since: Instant::now(), samples: kept });
                Ok(samples)
            }
        }
    }

    fn kept(&self, url: &Url) -> Option<Kept> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|kept| kept.asked == *url).cloned()
    }

    /// The oldest go where there are too many.
    fn keep(&self, new: Kept) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|old| old.asked != new.asked);
        kept.push_back(new);
        while kept.len() > MAX_KEPT
            || kept.iter().map(|kept| kept.samples.len()).sum::<usize>() > MAX_KEPT_SAMPLES
        {
            kept.pop_front();
        }
    }

    /// Whether a URL may be asked for at all, and whether its host is named.
    fn check(&self, url: &Url) -> Result<bool, FetchError> {
        let is_plain = url.username().is_empty() && url.password().is_none();
        if !matches!(url.scheme(), "http" | "https") || !is_plain {
            return Err(FetchError::Url);
        }
        let host = host_of(url).ok_or(FetchError::Url)?;
        let is_named = self.hosts.contains(&host);
        if is_named || self.hosts.iter().any(|host| host == "*") {
            Ok(is_named)
        } else {
            Err(FetchError::Host)
        }
    }

    async fn follow(&self, url: &Url, kept: Option<&Kept>) -> Result<Answer, FetchError> {
        let mut url = url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let etag = kept.filter(|kept| kept.found == url).and_then(|kept| kept.etag.as_ref());
            // Dropped with everything it reads once the answer is whole.
            let mut connection = JoinSet::new();
            let response = self.ask(&url, etag, &mut connection).await?;
            let status = response.status();
            if status == StatusCode::NOT_MODIFIED && etag.is_some() {
                return Ok(Answer::Unchanged);
            }
            if status.is_redirection() {
                let target = text(response.headers(), header::LOCATION).ok_or(FetchError::Redirects)?;
                let target = url.join(target).map_err(|_| FetchError::Redirects)?;
                if url.scheme() == "https" && target.scheme() != "https" {
                    return Err(FetchError::Redirects);
                }
                url = target;
                continue;
            }
            if status != StatusCode::OK {
                return Err(FetchError::Status(status.as_u16()));
            }
            let is_ogg = is_ogg(response.headers())?;
            let etag = response.headers().get(header::ETAG).cloned();
            return Ok(Answer::File { found: url, etag, is_ogg, body: read(response).await? });
        }
        Err(FetchError::Redirects)
    }

    /// Sends one request, over a connection of its own.
    async fn ask(
        &self,
        url: &Url,
        etag: Option<&header::HeaderValue>,
        connection: &mut JoinSet<()>,
    ) -> Result<Response<Incoming>, FetchError> {
        let stream = self.connect(url).await?;
        let host = url.host_str().ok_or(FetchError::Url)?;
        let authority = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let mut request = Request::builder()
            .uri(path)
            .version(Version::HTTP_11)
            .header(header::HOST, authority)
            .header(header::USER_AGENT, "Ringdown")
            .header(header::ACCEPT, "audio/ogg, audio/wav")
            .header(header::CONNECTION, "close");
        if let Some(etag) = etag {
            request = request.header(header::IF_NONE_MATCH, etag);
        }
        let request = request.body(Empty::<Bytes>::new()).map_err(|_| FetchError::Url)?;
        if url.scheme() == "http" {
            return exchange(stream, request, connection).await;
        }
        let name = ServerName::try_from(host_of(url).ok_or(FetchError::Url)?).map_err(|_| FetchError::Url)?;
        let tls = self.tls.get_or_try_init(|| async { trust_the_system() }).await?;
        let stream = TlsConnector::from(Arc::clone(tls)).connect(name, stream).await;
        exchange(stream.map_err(|_| FetchError::Unreachable)?, request, connection).await
    }

    async fn connect(&self, url: &Url) -> Result<TcpStream, FetchError> {
        let is_named = self.check(url)?;
        let port = url.port_or_known_default().ok_or(FetchError::Url)?;
        let addresses: Vec<SocketAddr> = match url.host().ok_or(FetchError::Url)? {
            Host::Ipv4(address) => vec![(address, port).into()],
            Host::Ipv6(address) => vec![(address, port).into()],
            Host::Domain(name) => {
                lookup_host((name, port)).await.map_err(|_| FetchError::Unreachable)?.collect()
            }
        };
        let allowed: Vec<_> =
            addresses.into_iter().filter(|address| is_named || is_public(address.ip())).collect();
        if allowed.is_empty() {
            return Err(FetchError::Address);
        }
        for address in allowed.into_iter().take(MAX_ADDRESSES) {
            if let Ok(stream) = TcpStream::connect(address).await {
                return Ok(stream);
            }
        }
        Err(FetchError::Unreachable)
    }
}

async fn exchange<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    request: Request<Empty<Bytes>>,
    connection: &mut JoinSet<()>,
) -> Result<Response<Incoming>, FetchError> {
    let unreachable = |_| FetchError::Unreachable;
    let (mut sender, driven) = http1::handshake(TokioIo::new(stream)).await.map_err(unreachable)?;
    connection.spawn(async { drop(driven.await) });
    sender.send_request(request).await.map_err(unreachable)
}

async fn read(response: Response<Incoming>) -> Result<Bytes, FetchError> {
    let length = text(response.headers(), header::CONTENT_LENGTH).and_then(|length| length.parse().ok());
    if length.is_some_and(|length: u64| length > MAX_OCTETS as u64) {
        return Err(FetchError::TooLarge);
    }
    match Limited::new(response.into_body(), MAX_OCTETS).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(FetchError::TooLarge),
        Err(_) => Err(FetchError::Unreachable),
    }
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn is_ogg(headers: &HeaderMap) -> Result<bool, FetchError> {
    let kind = text(headers, header::CONTENT_TYPE).ok_or(FetchError::Type)?;
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let is_one_of = |kinds: &[&str]| kinds.iter().any(|known| known.eq_ignore_ascii_case(kind));
    match (is_one_of(&WAV_TYPES), is_one_of(&OGG_TYPES)) {
        (true, _) => Ok(false),
        (_, true) => Ok(true),
        _ => Err(FetchError::Type),
    }
}

fn decode(file: &[u8], is_ogg: bool) -> Result<Arc<[i16]>, FetchError> {
    let pcm = match is_ogg {
        true => ogg::read(file).map_err(|error| error.to_string()),
        false => wav::read(file).map_err(|error| error.to_string()),
    };
    let pcm = pcm.map_err(FetchError::Unplayable)?;
    Ok(resample(&pcm.samples, pcm.sample_rate, WIDE_RATE).into())
}

/// The certificates this system trusts.
fn trust_the_system() -> Result<Arc<ClientConfig>, FetchError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (known, _) = roots.add_parsable_certificates(found.certs);
    if known == 0 {
        warn!("this system trusts no certificates: no sounds can be fetched over https");
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| FetchError::Unreachable)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// A host of a setting as it is compared; `None` where it is none.
pub(crate) fn plain_host(host: &str) -> Option<String> {
    match host.parse::<IpAddr>() {
        Ok(address) => Some(address.to_string()),
        Err(_) => Host::parse(host).ok().map(compared),
    }
}

/// A URL's host as it is compared.
fn host_of(url: &Url) -> Option<String> {
    url.host().map(compared)
}

/// Without brackets, without the dot at the end.
fn compared<S: AsRef<str>>(host: Host<S>) -> String {
    match host {
        Host::Domain(name) => name.as_ref().trim_end_matches('.').to_ascii_lowercase(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    }
}

/// Whether everybody reaches an address: by the registries of special addresses (RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => address.to_ipv4_mapped().map_or_else(|| is_public_v6(address), is_public_v4),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || a == 0
        // Multicast, reserved and broadcast.
        || a >= 224
        // Carriers' own (RFC 6598), protocols' (RFC 6890), measurements' (RFC 2544).
        || (a == 100 && b & 0xc0 == 64)
        || (a, b, c) == (192, 0, 0)
        || (a == 198 && b & 0xfe == 18);
    !is_special
}

/// Of what is assigned to everybody (2000::/3): not what wraps an IPv4 address (6to4, Teredo) or is for documents.
const fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let is_special = first == 0x2002
        || (first == 0x2001 && (second < 0x200 || second == 0xdb8))
        || (first == 0x3fff && second < 0x1000);
    first & 0xe000 == 0x2000 && !is_special
}

#[cfg(test)]
mod tests;

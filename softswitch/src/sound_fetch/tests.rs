//! What is fetched from a server of this host, and what is not.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;

/// Half a second of a tone, as a WAV file.
fn tone() -> Vec<u8> {
    let step = std::f64::consts::TAU * 700.0 / f64::from(WIDE_RATE);
    let samples = (0..8_000).map(|index| ((f64::from(index) * step).sin() * 8000.0) as i16);
    wav::header(WIDE_RATE, 8_000).into_iter().chain(samples.flat_map(i16::to_le_bytes)).collect()
}

fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

struct Server {
    port: u16,
    requests: Arc<AtomicUsize>,
}

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let requests = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(Self::serve(stream, port));
            }
        });
        Self { port, requests }
    }

    async fn serve(mut stream: TcpStream, port: u16) {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            match stream.read_u8().await {
                Ok(byte) => request.push(byte),
                Err(_) => return,
            }
        }
        let request = String::from_utf8(request).expect("text").to_ascii_lowercase();
        let wav = "content-type: audio/x-wav; charset=binary\r\netag: \"one\"\r\n";
        let reply = match request.split(' ').nth(1).expect("a path") {
            "/tone.wav" if request.contains("if-none-match: \"one\"") => answer("304 Not Modified", "", b""),
            "/tone.wav" => answer("200 OK", wav, &tone()),
            "/moved" => answer("302 Found", "location: tone.wav\r\n", b""),
            "/away" => answer("302 Found", &format!("location: http://127.0.0.1:{port}/tone.wav\r\n"), b""),
            "/loop" => answer("307 Temporary Redirect", "location: /loop\r\n", b""),
            "/page" => answer("200 OK", "content-type: text/html\r\n", b"<p>"),
            "/broken.wav" => answer("200 OK", wav, b"RIFF"),
            "/long.wav" => {
                format!("HTTP/1.1 200 OK\r\n{wav}content-length: {}\r\n\r\n", MAX_OCTETS + 1).into_bytes()
            }
            "/endless.wav" => {
                let head = format!("HTTP/1.1 200 OK\r\n{wav}\r\n");
                let _ = stream.write_all(head.as_bytes()).await;
                while stream.write_all(&[0; 65_536]).await.is_ok() {}
                return;
            }
            "/silent" => return std::future::pending().await,
            _ => answer("404 Not Found", "", b""),
        };
        let _ = stream.write_all(&reply).await;
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

fn fetcher(hosts: &[&str]) -> SoundFetcher {
    SoundFetcher::new(&hosts.iter().map(|&host| host.to_owned()).collect::<Vec<_>>())
}

#[tokio::test]
async fn a_sound_is_fetched_once_a_minute_and_then_only_where_it_changed() {
    let server = Server::start().await;
    let fetcher = fetcher(&["127.0.0.1"]);
    for path in ["/tone.wav", "/moved"] {
        let before = server.requests();
        let first = fetcher.fetch(&server.url(path)).await.expect("a sound");
        assert_eq!(first.len(), 8_000);
        let fetched = server.requests() - before;
        assert_eq!(fetcher.fetch(&server.url(path)).await, Ok(Arc::clone(&first)));
        assert_eq!(server.requests() - before, fetched, "{path}: asked again at once");
        for kept in fetcher.kept.lock().expect("a lock").iter_mut() {
            kept.since = kept.since.checked_sub(FRESH).expect("a minute ago");
        }
        let again = fetcher.fetch(&server.url(path)).await.expect("a sound");
        assert!(Arc::ptr_eq(&first, &again), "{path}: fetched though it did not change");
        assert_eq!(server.requests() - before, 2 * fetched);
    }
}

#[tokio::test]
async fn only_named_hosts_are_asked_and_private_addresses_only_by_name() {
    let server = Server::start().await;
    let url = server.url("/tone.wav");
    assert_eq!(fetcher(&[]).fetch(&url).await, Err(FetchError::Host));
    assert_eq!(fetcher(&["example.org"]).fetch(&url).await, Err(FetchError::Host));
    assert_eq!(fetcher(&["*"]).fetch(&url).await, Err(FetchError::Address));
    // A name, a number and a mapped address for the same loopback address.
    for host in ["localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"] {
        let url = format!("http://{host}:{}/tone.wav", server.port);
        assert_eq!(fetcher(&["*"]).fetch(&url).await, Err(FetchError::Address), "{host}");
    }
    for url in ["ftp://127.0.0.1/a.wav", "file:///etc/passwd", "http://a:b@127.0.0.1/a.wav", "tone.wav"] {
        assert_eq!(fetcher(&["*", "127.0.0.1"]).fetch(url).await, Err(FetchError::Url), "{url}");
    }
    assert_eq!(server.requests(), 0, "it was asked");
}

#[tokio::test]
async fn a_redirect_leads_to_no_private_address_and_not_on_for_ever() {
    let server = Server::start().await;
    let away = format!("http://localhost:{}/away", server.port);
    assert_eq!(fetcher(&["localhost"]).fetch(&away).await, Err(FetchError::Host));
    assert_eq!(fetcher(&["localhost", "*"]).fetch(&away).await, Err(FetchError::Address));
    assert_eq!(server.requests(), 2, "the redirect was followed");
    let endless = fetcher(&["127.0.0.1"]).fetch(&server.url("/loop")).await;
    assert_eq!((endless, server.requests()), (Err(FetchError::Redirects), 2 + 1 + MAX_REDIRECTS));
}

#[tokio::test]
async fn what_is_too_long_too_slow_or_no_sound_is_refused() {
    let server = Server::start().await;
    let mut fetcher = fetcher(&["127.0.0.1"]);
    for (path, error) in [
        ("/page", FetchError::Type),
        ("/nothing", FetchError::Status(404)),
        ("/long.wav", FetchError::TooLarge),
        ("/broken.wav", FetchError::Unplayable(wav::read(b"RIFF").expect_err("broken").to_string())),
    ] {
        assert_eq!(fetcher.fetch(&server.url(path)).await, Err(error), "{path}");
    }
    fetcher.within = Duration::from_secs(60);
    assert_eq!(fetcher.fetch(&server.url("/endless.wav")).await, Err(FetchError::TooLarge));
    fetcher.within = Duration::from_millis(50);
    assert_eq!(fetcher.fetch(&server.url("/silent")).await, Err(FetchError::TooSlow));
    fetcher.within = WITHIN;
    assert!(fetcher.fetch(&server.url("/tone.wav")).await.is_ok(), "those before left no turn");
}

#[test]
fn special_addresses_are_not_public() {
    for address in ["1.1.1.1", "192.0.1.1", "100.128.0.1", "198.20.0.1", "2606:4700::1111", "2001:4860::8888"]
    {
        assert!(is_public(address.parse().expect("an address")), "{address}");
    }
    for address in [
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "127.8.8.8",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.170",
        "192.0.2.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "fc00::1",
        "fd12::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "2001::1",
        "2001:db8::1",
        "2002:a00:1::1",
        "3fff::1",
    ] {
        assert!(!is_public(address.parse().expect("an address")), "{address}");
    }
}

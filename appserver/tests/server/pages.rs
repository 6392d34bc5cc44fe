//! Web pages, their headers, and TLS.

use crate::harness::Running;

#[tokio::test]
async fn files_are_served_with_strict_headers_and_nothing_else_is() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let web = folder.path().join("web");
    let write = |name: &str, text: &str| std::fs::write(web.join(name), text).expect("writable");
    std::fs::create_dir_all(web.join("assets")).expect("writable");
    write("index.html", "<!doctype html><title>CRM</title>");
    write("ringdown-compat.global.js", "var Webitel;");
    write("ringdown-phone.js", "export {}");
    write("ringdown-phone.js.gz", "not really gzip");
    write("assets/logo-abc123.svg", "<svg/>");
    std::fs::write(folder.path().join("outside.txt"), "secret").expect("writable");
    let running = Running::start_with(|config| config.web_root = Some(web.clone())).await;

    let framed = Running::start_with(|config| {
        config.web_root = Some(web.clone());
        config.allowed_origins = vec!["https://crm.example.com".to_owned()];
    });
    let framed = framed.await.get("/", None).await;
    assert!(
        framed.headers["content-security-policy"].ends_with("frame-ancestors 'self' https://crm.example.com")
    );
    assert!(!framed.headers.contains_key("x-frame-options"));
    let page = running.get("/", None).await;
    assert_eq!(page.headers["x-frame-options"], "SAMEORIGIN");
    assert_eq!((page.status, page.headers["content-type"].as_str()), (200, "text/html; charset=utf-8"));
    let policy = &page.headers["content-security-policy"];
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(page.headers["x-content-type-options"], "nosniff");
    assert_eq!(page.headers["cache-control"], "no-cache");
    let etag = page.headers["etag"].clone();
    let same = running.http("GET", "/", None, &[("if-none-match", &etag)], None).await;
    assert_eq!((same.status, same.body.len()), (304, 0));

    let script =
        running.http("GET", "/ringdown-phone.js", None, &[("accept-encoding", "br, gzip")], None).await;
    assert_eq!(
        (script.headers["content-encoding"].as_str(), script.body.as_slice()),
        ("gzip", &b"not really gzip"[..])
    );
    assert_eq!(script.headers["access-control-allow-origin"], "*", "a module script of another site");
    let plain = running.get("/ringdown-phone.js", None).await;
    assert_eq!(plain.body, b"export {}");
    let asset = running.get("/assets/logo-abc123.svg", None).await;
    assert!(asset.headers["cache-control"].contains("immutable"));
    for version in ["v3.1", "v3.10"] {
        let old = running.get(&format!("/public/js/{version}/webitelLibrary.js"), None).await;
        assert_eq!(old.body, b"var Webitel;", "where old pages look for it");
    }
    let head = running.http("HEAD", "/", None, &[], None).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    for path in [
        "/../outside.txt",
        "/%2e%2e/outside.txt",
        "/assets/../../outside.txt",
        "//etc/passwd",
        "/nothing",
        "/public/js/a/b/webitelLibrary.js",
        "/assets",
    ] {
        assert_eq!(running.get(path, None).await.status, 404, "{path}");
    }
    assert_eq!(running.http("POST", "/", None, &[], Some("{}".into())).await.status, 405);
}

#[tokio::test]
async fn with_tls_this_host_may_speak_plainly() {
    let running = Running::start_with(|config| {
        config.public_url = Some("https://pbx.example.com".to_owned());
    })
    .await;
    assert!(running.config.uses_tls());
    assert_eq!(running.get("/readyz", None).await.status, 200, "the health check needs no certificate");
    running.switch().await;

    use std::sync::Arc;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio_rustls::rustls::{
        ClientConfig, RootCertStore, crypto::ring, pki_types::CertificateDer, pki_types::pem::PemObject as _,
    };
    let pem = std::fs::read(running.config.state.join("tls-cert.pem")).expect("the certificate is kept");
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(&pem).expect("a certificate")).expect("it is one");
    let client = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the versions are known")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = tokio::net::TcpStream::connect(running.address).await.expect("a connection");
    let name = "pbx.example.com".try_into().expect("a name");
    let mut stream =
        tokio_rustls::TlsConnector::from(Arc::new(client)).connect(name, stream).await.expect("a handshake");
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: pbx.example.com\r\nConnection: close\r\n\r\n")
        .await
        .expect("sent");
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer).await);
    assert!(answer.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&answer));
}

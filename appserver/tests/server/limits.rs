//! What breaks a limit gets the documented answer, and nobody else notices.

use serde_json::json;

use crate::harness::{Browser, Running, error_name, open};

#[tokio::test]
async fn a_page_of_a_foreign_site_is_refused_before_the_upgrade() {
    let running = Running::start_with(|config| {
        config.allowed_origins = vec!["https://crm.example.com".to_owned()];
    })
    .await;
    let own = format!("http://{}", running.address);
    for origin in ["https://evil.test", "null", "https://crm.example.com.evil.test"] {
        assert_eq!(open(running.address, "/ws", &[("origin", origin)]).await.err(), Some(403), "{origin}");
        let reply =
            running.http("POST", "/api/v1/login", None, &[("origin", origin)], Some("{}".into())).await;
        assert_eq!(
            (reply.status, reply.json()["type"].as_str()),
            (403, Some("urn:ringdown:problem:foreign-origin"))
        );
    }
    for origin in [own.as_str(), "https://crm.example.com"] {
        assert!(open(running.address, "/ws", &[("origin", origin)]).await.is_ok(), "{origin}");
    }
    let preflight = [
        ("origin", "https://crm.example.com"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization"),
    ];
    let reply = running.http("OPTIONS", "/api/v1/login", None, &preflight, None).await;
    assert_eq!(reply.status, 204);
    assert_eq!(reply.headers["access-control-allow-origin"], "https://crm.example.com");
    assert!(reply.headers["access-control-allow-headers"].contains("authorization"));
}

#[tokio::test]
async fn a_frame_too_long_or_too_deep_is_named_and_closes() {
    let running = Running::start().await;
    let long = json!({"id": 1, "method": "ping", "params": {"x": "x".repeat(64 * 1024)}}).to_string();
    let deep = format!("{{\"id\":1,\"method\":\"ping\",\"params\":{}{}}}", "[".repeat(40), "]".repeat(40));
    for frame in [long, deep] {
        let mut browser = running.browser("bob").await;
        browser.send_text(frame).await;
        assert_eq!(error_name(browser.response(0).await), "too-large");
        assert_eq!(browser.closed().await, 4001);
    }
    let mut browser = running.browser("bob").await;
    browser.send_text("x".repeat(1024 * 1024)).await;
    let code = browser.closed().await;
    assert!(matches!(code, 1009 | 1006), "{code}");
}

#[tokio::test]
async fn a_frame_that_is_no_request_is_answered_and_the_next_one_works() {
    let running = Running::start().await;
    let mut browser = running.browser("bob").await;
    for (frame, id, name) in [
        ("", 0, "bad-request"),
        ("null", 0, "bad-request"),
        ("[]", 0, "bad-request"),
        ("{\"id\":7}", 7, "bad-request"),
        ("{\"id\":7,\"method\":\"call.hold\",\"params\":{}}", 7, "bad-request"),
        ("{\"id\":-1,\"method\":\"ping\",\"params\":{}}", 0, "bad-request"),
        ("{\"id\":8,\"method\":\"fly\",\"params\":{}}", 8, "unknown-method"),
    ] {
        browser.send_text(frame).await;
        assert_eq!(error_name(browser.response(id).await), name, "{frame}");
    }
    browser.request("ping", json!({})).await.expect("the connection goes on");
    let code = loop {
        browser.send_text("garbage").await;
        if let Err(code) = browser.frame().await {
            break code;
        }
    };
    assert_eq!(code, 4000, "garbage without end ends the connection");
}

#[tokio::test]
async fn parameters_out_of_range_are_refused() {
    let running = Running::start().await;
    let mut browser = running.browser("bob").await;
    let call = "0".repeat(32);
    let description = json!({"type": "offer", "sdp": "v=0"});
    let many: serde_json::Map<_, _> = (0..33).map(|n| (n.to_string(), json!("x"))).collect();
    for (method, params) in [
        ("directory.search", json!({"query": "x".repeat(65)})),
        ("history.list", json!({"limit": 0})),
        ("history.list", json!({"limit": 101})),
        ("history.list", json!({"cursor": "no"})),
        ("call.start", json!({"to": "", "description": description})),
        ("call.start", json!({"to": "1".repeat(65), "description": description})),
        ("call.start", json!({"to": "1\r\n2", "description": description})),
        ("call.start", json!({"to": "102", "description": {"type": "offer", "sdp": "x".repeat(33 * 1024)}})),
        ("call.start", json!({"to": "102", "description": description, "variables": many})),
        (
            "call.start",
            json!({"to": "102", "description": description, "variables": {"x": "x".repeat(5000)}}),
        ),
        ("call.dtmf", json!({"call": call, "digits": "1x"})),
        ("call.dtmf", json!({"call": call, "digits": "1".repeat(33)})),
        ("call.candidate", json!({"call": call, "candidate": "x".repeat(1025)})),
        ("call.hangup", json!({"call": "no id"})),
    ] {
        assert_eq!(
            error_name(browser.request(method, params.clone()).await),
            "bad-request",
            "{method} {params}"
        );
    }
    assert_eq!(error_name(browser.request("call.hangup", json!({"call": call})).await), "switch-unavailable");
    let start = json!({"to": "102", "description": description});
    assert_eq!(error_name(browser.request("call.start", start).await), "switch-unavailable");
}

#[tokio::test]
async fn a_flood_is_refused_and_another_user_is_served() {
    let running = Running::start().await;
    let (mut bob, mut carol) = (running.browser("bob").await, running.browser("carol").await);
    for _ in 0..400 {
        bob.send_request("ping", json!({})).await;
    }
    let mut refused = 0;
    let mut answered = 0;
    while answered < 400 {
        let frame = bob.frame().await.expect("the connection goes on");
        if frame.get("id").is_some() {
            answered += 1;
            refused += u32::from(frame["error"]["name"] == "rate-limited");
        }
    }
    assert!((50..=200).contains(&refused), "{refused}");
    carol.request("ping", json!({})).await.expect("carol is served");
}

#[tokio::test]
async fn connections_of_one_address_are_bounded() {
    let running = Running::start_with(|config| config.max_connections_per_address = 4).await;
    let mut browsers = Vec::new();
    for _ in 0..4 {
        browsers.push(Browser::connect(running.address).await);
    }
    let stream = tokio::net::TcpStream::connect(running.address).await.expect("the backlog takes it");
    let mut byte = [0];
    use tokio::io::AsyncReadExt as _;
    let mut stream = stream;
    assert!(matches!(stream.read(&mut byte).await, Ok(0) | Err(_)), "it is closed at once");
    drop(browsers);
}

#[tokio::test]
async fn a_request_head_must_come_in_time_and_a_body_must_not_be_too_long() {
    let running = Running::start().await;
    let body = format!("{{\"username\":\"{}\"}}", "x".repeat(2 * 1024 * 1024));
    let reply = running.http("POST", "/api/v1/login", None, &[], Some(body)).await;
    assert_eq!((reply.status, reply.json()["type"].as_str()), (413, Some("urn:ringdown:problem:too-large")));

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::TcpStream::connect(running.address).await.expect("a connection");
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ").await.expect("half a head");
    let mut answer = Vec::new();
    let read = tokio::time::timeout(std::time::Duration::from_secs(8), stream.read_to_end(&mut answer)).await;
    assert!(read.is_ok(), "the server waits for the head without end");
}

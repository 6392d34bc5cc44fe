//! Signing in by the word of somebody else: signed tokens, trusted servers, an OpenID provider.

use std::sync::{Arc, Mutex};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use ringdown_appserver::{
    config::{AccountRules, OidcProvider, Secret, TrustedIssuer, TrustedServer},
    jose::Algorithm,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use crate::harness::{Browser, Reply, Running, text};

const SECRET: &str = "a secret that the CRM and the server share";
const ISSUER: &str = "https://crm.example";

fn now() -> u64 {
    ringdown_appserver::clock::unix_ms() / 1000
}

fn rules(create: bool) -> AccountRules {
    AccountRules { create, extensions: Some("200-202".parse().expect("a range")), admins: false }
}

fn issuer(algorithm: Algorithm) -> TrustedIssuer {
    TrustedIssuer {
        issuer: ISSUER.to_owned(),
        audience: "ringdown".to_owned(),
        algorithm,
        key_file: None,
        secret: None,
        jwks_url: None,
        username_claim: "sub".to_owned(),
        max_lifetime: 300,
        accounts: rules(true),
    }
}

async fn with_shared_secret() -> Running {
    Running::start_with(|config| {
        let secret = Some(Secret(SECRET.to_owned()));
        config.trusted_issuers = vec![TrustedIssuer { secret, ..issuer(Algorithm::Hs256) }];
    })
    .await
}

/// A token of the CRM's with the shared secret; `more` goes over its claims.
fn signed(id: &str, more: &Value) -> String {
    let mut claims = json!({"iss": ISSUER, "aud": "ringdown", "sub": "alice", "exp": now() + 60, "jti": id});
    for (name, value) in more.as_object().expect("an object") {
        claims[name] = value.clone();
    }
    let part = |value: &Value| BASE64.encode(value.to_string());
    let signed = format!("{}.{}", part(&json!({"alg": "HS256", "typ": "JWT"})), part(&claims));
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, SECRET.as_bytes());
    format!("{signed}.{}", BASE64.encode(ring::hmac::sign(&key, signed.as_bytes())))
}

async fn show(running: &Running, token: &str) -> Reply {
    running.post("/api/v1/login/token", None, &json!({"token": token})).await
}

#[tokio::test]
async fn a_signed_token_signs_in_once() {
    let mut running = with_shared_secret().await;
    let token = signed("1", &json!({}));
    let tokens = show(&running, &token).await.expect(200);
    assert_eq!(tokens["me"]["username"], "alice");
    Browser::hello(running.address, &text(&tokens["accessToken"])).await;
    let again = show(&running, &token).await;
    assert_eq!(
        (again.status, again.json()["type"].clone()),
        (401, json!("urn:ringdown:problem:bad-credentials"))
    );
    // A restart forgets nothing.
    running.restart().await;
    show(&running, &token).await.expect(401);
    show(&running, &signed("2", &json!({}))).await.expect(200);
}

#[tokio::test]
async fn of_many_who_show_one_token_at_once_one_gets_in() {
    let running = with_shared_secret().await;
    let token = signed("1", &json!({}));
    let shown = futures_util::future::join_all((0..8).map(|_| show(&running, &token))).await;
    let mut statuses: Vec<_> = shown.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [[200].as_slice(), &[401; 7]].concat());
}

#[tokio::test]
async fn a_token_that_is_not_for_us_or_not_in_time_is_refused() {
    let running = with_shared_secret().await;
    for (place, wrong) in [
        json!({"aud": "else"}),
        json!({"iss": "https://crm.example.evil"}),
        json!({"exp": now() - 60}),
        json!({"exp": now() + 3_600}),
        json!({"nbf": now() + 120}),
        json!({"jti": null}),
    ]
    .iter()
    .enumerate()
    {
        show(&running, &signed(&format!("w{place}"), wrong)).await.expect(401);
    }
    show(&running, "nonsense").await.expect(401);
    show(&running, "non.sen.se").await.expect(401);
    show(&running, &"x.".repeat(10_000)).await.expect(401);
}

#[tokio::test]
async fn somebody_new_gets_an_account_and_the_next_free_number() {
    let running = with_shared_secret().await;
    let tokens = show(&running, &signed("1", &json!({"sub": "dora", "name": "Dora Diaz"}))).await.expect(200);
    assert_eq!((&tokens["me"]["name"], &tokens["me"]["extension"]), (&json!("Dora Diaz"), &json!("200")));
    let named = json!({"sub": "emil", "name": "Emil", "extension": "301"});
    let tokens = show(&running, &signed("2", &named)).await.expect(200);
    assert_eq!(tokens["me"]["extension"], "301");
    let tokens = show(&running, &signed("3", &json!({"sub": "fay"}))).await.expect(200);
    assert_eq!((&tokens["me"]["name"], &tokens["me"]["extension"]), (&json!("fay"), &json!("201")));
    // Everybody sees them, and they can connect at once.
    let mut browser = Browser::hello(running.address, &text(&tokens["accessToken"])).await;
    assert_eq!(browser.expect_directory("Dora").await["extension"], "200");
    // A number that is taken is not given twice, and who comes again is who they were.
    let clash = json!({"sub": "gus", "extension": "101"});
    show(&running, &signed("4", &clash)).await.expect(409);
    let tokens = show(&running, &signed("5", &json!({"sub": "dora"}))).await.expect(200);
    assert_eq!(tokens["me"]["extension"], "200");
    // No password was ever set.
    for password in ["", "x"] {
        running
            .post("/api/v1/login", None, &json!({"username": "dora", "password": password}))
            .await
            .expect(401);
    }
    // The range ends: an account without a number is still one.
    for (id, name) in [("6", "hal"), ("7", "ida")] {
        let tokens = show(&running, &signed(id, &json!({"sub": name}))).await.expect(200);
        let number = if name == "hal" { json!("202") } else { Value::Null };
        assert_eq!(tokens["me"]["extension"], number);
    }
}

#[tokio::test]
async fn admins_and_the_disabled_are_not_signed_in_by_others() {
    let running = with_shared_secret().await;
    show(&running, &signed("1", &json!({"sub": "admin"}))).await.expect(403);
    let admin = running.token("admin").await;
    let users = running.get("/api/v1/users", Some(&admin)).await.json();
    let bob = users.as_array().expect("a list").iter().find(|user| user["username"] == "bob").expect("bob");
    let path = format!("/api/v1/users/{}", text(&bob["id"]));
    running
        .http("PATCH", &path, Some(&admin), &[], Some(json!({"enabled": false}).to_string()))
        .await
        .expect(200);
    show(&running, &signed("2", &json!({"sub": "bob"}))).await.expect(401);
}

#[tokio::test]
async fn guesses_of_one_address_are_slowed() {
    let running = with_shared_secret().await;
    let mut last = 0;
    for _ in 0..102 {
        last = show(&running, "nonsense").await.status;
    }
    assert_eq!(last, 429);
}

#[tokio::test]
async fn a_trusted_server_fetches_a_code_for_its_user() {
    let running = Running::start_with(|config| {
        config.trusted_servers = vec![TrustedServer {
            name: "crm".to_owned(),
            secret: Some(Secret(SECRET.to_owned())),
            secret_file: None,
            accounts: AccountRules::default(),
        }];
    })
    .await;
    let ask = |secret: &'static str, user: &'static str| running_post(&running, secret, user);
    ask("another secret of more than 32 characters", "alice").await.expect(401);
    ask(SECRET, "mallory").await.expect(401);
    ask(SECRET, "admin").await.expect(403);
    let code = ask(SECRET, "alice").await.expect(200);
    let tokens = show(&running, &text(&code["token"])).await.expect(200);
    assert_eq!(tokens["me"]["username"], "alice");
    show(&running, &text(&code["token"])).await.expect(401);
}

async fn running_post(running: &Running, secret: &str, user: &str) -> Reply {
    running.post("/api/v1/login/for", Some(secret), &json!({"username": user})).await
}

/// An OpenID provider on a socket of its own: what it answers can be bent.
struct Provider {
    url: String,
    bent: Arc<Mutex<Bent>>,
}

#[derive(Default)]
struct Bent {
    /// Laid over the claims of the next ID tokens.
    claims: Value,
    /// The nonce and the challenge of the last authorization, as the browser brought them.
    nonce: String,
    challenge: String,
    /// Signs with a key that is not published.
    has_other_key: bool,
}

impl Provider {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let bent = Arc::new(Mutex::new(Bent { claims: json!({}), ..Bent::default() }));
        let keys = Arc::new([key(), key()]);
        let (issuer, shared) = (url.clone(), Arc::clone(&bent));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (issuer, bent, keys) = (issuer.clone(), Arc::clone(&shared), Arc::clone(&keys));
                tokio::spawn(async move { answer(stream, &issuer, &bent, &keys).await });
            }
        });
        Self { url, bent }
    }

    fn config(&self, create: bool) -> OidcProvider {
        OidcProvider {
            id: "company".to_owned(),
            title: "Company account".to_owned(),
            issuer: self.url.clone(),
            client_id: "ringdown".to_owned(),
            client_secret: Some(Secret("s:ecret".to_owned())),
            client_secret_file: None,
            scopes: vec!["profile".to_owned()],
            algorithm: Algorithm::Es256,
            username_claim: "preferred_username".to_owned(),
            accounts: rules(create),
        }
    }
}

fn key() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let pair = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pair.as_ref(), &random).expect("its own")
}

async fn answer(mut stream: TcpStream, issuer: &str, bent: &Mutex<Bent>, keys: &[EcdsaKeyPair; 2]) {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    let (head, body) = loop {
        let read = stream.read(&mut buffer).await.expect("a request");
        request.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&request).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head
            .lines()
            .find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
        if body.len() >= length.map_or(0, |length| length.parse().expect("a number")) {
            break (head.to_owned(), body.to_owned());
        }
    };
    let path = head.split(' ').nth(1).unwrap_or_default();
    let reply = match path {
        "/.well-known/openid-configuration" => json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/keys"),
            "authorization_response_iss_parameter_supported": true,
        }),
        "/keys" => {
            let point = keys[0].public_key().as_ref();
            let (x, y) = (BASE64.encode(&point[1..33]), BASE64.encode(&point[33..]));
            json!({"keys": [{"kty": "EC", "crv": "P-256", "kid": "k", "use": "sig", "x": x, "y": y}]})
        }
        "/token" => token(&head, &body, issuer, bent, keys),
        _ => json!({}),
    };
    let body = reply.to_string();
    let status = if reply == Value::Null { "400 Bad Request" } else { "200 OK" };
    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    stream.write_all(answer.as_bytes()).await.expect("it reads");
}

fn token(head: &str, body: &str, issuer: &str, bent: &Mutex<Bent>, keys: &[EcdsaKeyPair; 2]) -> Value {
    let form: Vec<(String, String)> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let field =
        |name: &str| form.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str());
    let bent = bent.lock().expect("nobody panics");
    // `ringdown:s%3Aecret`
    assert!(head.to_lowercase().contains("authorization: basic"), "{head}");
    assert!(head.contains("cmluZ2Rvd246cyUzQWVjcmV0"), "{head}");
    assert!(field("redirect_uri").ends_with("/api/v1/oidc/callback"));
    let verifier = BASE64.encode(Sha256::digest(field("code_verifier").as_bytes()));
    if field("code") != "good" || verifier != bent.challenge {
        return Value::Null;
    }
    let mut claims = json!({
        "iss": issuer, "aud": "ringdown", "sub": "subject-1", "exp": now() + 300, "iat": now(),
        "nonce": bent.nonce, "preferred_username": "alice", "name": "Alice",
    });
    for (name, value) in bent.claims.as_object().expect("an object") {
        claims[name] = value.clone();
    }
    let part = |value: &Value| BASE64.encode(value.to_string());
    let signed = format!("{}.{}", part(&json!({"alg": "ES256", "kid": "k"})), part(&claims));
    let key = &keys[usize::from(bent.has_other_key)];
    let signature = key.sign(&SystemRandom::new(), signed.as_bytes()).expect("a signature");
    json!({"id_token": format!("{signed}.{}", BASE64.encode(signature.as_ref()))})
}

/// A page that signs in by a window.
struct Window<'a> {
    running: &'a Running,
    provider: &'a Provider,
    verifier: &'static str,
}

const ORIGIN: &str = "https://crm.example";

impl Window<'_> {
    async fn start(&self, origin: &str) -> Reply {
        let challenge = BASE64.encode(Sha256::digest(self.verifier.as_bytes()));
        let path = format!("/api/v1/oidc/company/start?challenge={challenge}&origin={origin}");
        self.running.get(&path, None).await
    }

    /// As the browser goes to the provider; the state it comes back with.
    async fn authorize(&self) -> String {
        let began = self.start(ORIGIN).await;
        assert_eq!(began.status, 303, "{began:?}");
        assert_eq!(began.headers["cross-origin-opener-policy"], "unsafe-none");
        let url: url::Url = began.headers["location"].parse().expect("a URL");
        assert!(url.as_str().starts_with(&format!("{}/authorize?", self.provider.url)), "{url}");
        let part = |name: &str| {
            url.query_pairs()
                .find(|(known, _)| known == name)
                .map(|(_, value)| value.into_owned())
                .expect(name)
        };
        assert_eq!(
            (part("response_type"), part("code_challenge_method")),
            ("code".to_owned(), "S256".to_owned())
        );
        assert_eq!((part("scope"), part("client_id")), ("openid profile".to_owned(), "ringdown".to_owned()));
        let mut bent = self.provider.bent.lock().expect("nobody panics");
        (bent.nonce, bent.challenge) = (part("nonce"), part("code_challenge"));
        part("state")
    }

    /// As the provider sends the browser back; what our page is given.
    async fn come_back(&self, query: &str) -> Vec<(String, String)> {
        let reply = self.running.get(&format!("/api/v1/oidc/callback?{query}"), None).await;
        assert_eq!(reply.status, 303, "{reply:?}");
        let given = reply.headers["location"].strip_prefix("/signed-in.html#").expect("our own page");
        url::form_urlencoded::parse(given.as_bytes()).into_owned().collect()
    }

    async fn sign_in(&self) -> Vec<(String, String)> {
        let state = self.authorize().await;
        self.come_back(&format!("state={state}&code=good&iss={}", self.provider.url)).await
    }

    async fn redeem(&self, code: &str, verifier: &str) -> Reply {
        self.running.post("/api/v1/oidc/redeem", None, &json!({"code": code, "verifier": verifier})).await
    }
}

async fn with_provider(create: bool) -> (Running, Provider) {
    let provider = Provider::start().await;
    let config = provider.config(create);
    let running = Running::start_with(|start| {
        start.oidc_providers = vec![config];
        start.public_url = Some("http://pbx.example".to_owned());
        start.allowed_origins = vec![ORIGIN.to_owned()];
    })
    .await;
    (running, provider)
}

fn error(name: &str) -> Vec<(String, String)> {
    vec![("error".to_owned(), name.to_owned()), ("origin".to_owned(), ORIGIN.to_owned())]
}

#[tokio::test]
async fn a_sign_in_with_a_provider_ends_in_the_page_that_began_it() {
    let (running, provider) = with_provider(false).await;
    let methods = running.get("/api/v1/sign-in", None).await.json();
    assert_eq!(methods["providers"], json!([{"id": "company", "title": "Company account"}]));
    let window = Window { running: &running, provider: &provider, verifier: "the page's own secret" };
    let given = window.sign_in().await;
    assert_eq!(given[1], ("origin".to_owned(), ORIGIN.to_owned()));
    let (name, code) = &given[0];
    assert_eq!(name, "code", "{given:?}");
    let tokens = window.redeem(code, window.verifier).await.expect(200);
    assert_eq!(tokens["me"]["username"], "alice");
    window.redeem(code, window.verifier).await.expect(401);
    // Whoever else got hold of a code has not the page's secret, and has used it up.
    let given = window.sign_in().await;
    window.redeem(&given[0].1, "another").await.expect(401);
    window.redeem(&given[0].1, window.verifier).await.expect(401);
}

#[tokio::test]
async fn who_signed_in_before_is_known_by_subject_whatever_the_name_says() {
    let (running, provider) = with_provider(false).await;
    let window = Window { running: &running, provider: &provider, verifier: "v" };
    let given = window.sign_in().await;
    window.redeem(&given[0].1, "v").await.expect(200);
    provider.bent.lock().expect("nobody panics").claims = json!({"preferred_username": "bob"});
    let given = window.sign_in().await;
    assert_eq!(window.redeem(&given[0].1, "v").await.expect(200)["me"]["username"], "alice");
    provider.bent.lock().expect("nobody panics").claims = json!({"sub": "2", "preferred_username": "nobody"});
    assert_eq!(window.sign_in().await, error("not-allowed"));
}

#[tokio::test]
async fn a_name_that_was_given_to_somebody_else_opens_nobodys_account() {
    let (running, provider) = with_provider(false).await;
    let window = Window { running: &running, provider: &provider, verifier: "v" };
    let given = window.sign_in().await;
    window.redeem(&given[0].1, "v").await.expect(200);
    provider.bent.lock().expect("nobody panics").claims = json!({"sub": "another person"});
    assert_eq!(window.sign_in().await, error("not-allowed"));
}

#[tokio::test]
async fn a_window_that_was_led_astray_brings_nothing() {
    let (running, provider) = with_provider(true).await;
    let window = Window { running: &running, provider: &provider, verifier: "v" };
    // Another site's page, and one that only looks like ours.
    for origin in ["https://evil.example", "null", "https://crm.example.evil", "javascript:alert(1)"] {
        assert_eq!(window.start(origin).await.status, 403, "{origin}");
    }
    assert_eq!(
        running.get("/api/v1/oidc/company/start?challenge=x&origin=https://crm.example", None).await.status,
        400
    );
    assert_eq!(
        window.come_back("state=made-up&code=good").await,
        [("error".to_owned(), "expired".to_owned())]
    );
    // A state is good once.
    let state = window.authorize().await;
    assert_eq!(
        window.come_back(&format!("state={state}&error=access_denied&iss={}", provider.url)).await,
        error("refused")
    );
    assert_eq!(window.come_back(&format!("state={state}&code=good")).await[0].1, "expired");
    // The answer of another provider (RFC 9207), a code of another flow, a code that is none.
    for query in ["code=good", "code=good&iss=https://other.example", "code=stolen&iss=SELF"] {
        let state = window.authorize().await;
        let query = query.replace("SELF", &provider.url);
        assert_eq!(window.come_back(&format!("state={state}&{query}")).await, error("failed"), "{query}");
    }
    let state = window.authorize().await;
    provider.bent.lock().expect("nobody panics").challenge = "another flow's".to_owned();
    assert_eq!(
        window.come_back(&format!("state={state}&code=good&iss={}", provider.url)).await,
        error("failed")
    );
}

#[tokio::test]
async fn an_id_token_out_of_order_signs_nobody_in() {
    let (running, provider) = with_provider(true).await;
    let window = Window { running: &running, provider: &provider, verifier: "v" };
    for wrong in [
        json!({"nonce": "another"}),
        json!({"aud": "another"}),
        json!({"iss": "https://another.example"}),
        json!({"exp": now() - 60}),
        json!({"aud": ["ringdown", "another"], "azp": "another"}),
    ] {
        provider.bent.lock().expect("nobody panics").claims = wrong.clone();
        assert_eq!(window.sign_in().await, error("failed"), "{wrong}");
    }
    {
        let mut bent = provider.bent.lock().expect("nobody panics");
        (bent.claims, bent.has_other_key) = (json!({}), true);
    }
    assert_eq!(window.sign_in().await, error("failed"), "a key that is not published");
}

#[tokio::test]
async fn keys_of_an_issuer_are_fetched() {
    let provider = Provider::start().await;
    let keys = format!("{}/keys", provider.url);
    let running = Running::start_with(|config| {
        config.trusted_issuers = vec![TrustedIssuer {
            jwks_url: Some(keys),
            issuer: provider.url.clone(),
            ..issuer(Algorithm::Es256)
        }];
    })
    .await;
    {
        let mut bent = provider.bent.lock().expect("nobody panics");
        bent.challenge = BASE64.encode(Sha256::digest(b"v"));
        bent.claims = json!({"sub": "alice", "jti": "1"});
    }
    let token = signed_by(&provider).await;
    assert_eq!(show(&running, &token).await.expect(200)["me"]["username"], "alice");
    // The same claims with HMAC over the published key: another algorithm than the entry's.
    let forged = signed("2", &json!({"iss": provider.url}));
    show(&running, &forged).await.expect(401);
}

#[tokio::test]
async fn an_issuer_that_cannot_be_reached_is_nobodys_wrong_sign_in() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let running = Running::start_with(|config| {
        let keys = Some(format!("{url}/keys"));
        config.trusted_issuers =
            vec![TrustedIssuer { jwks_url: keys, issuer: url.clone(), ..issuer(Algorithm::Es256) }];
    })
    .await;
    for number in 0..110 {
        let reply = show(&running, &signed(&format!("{number}"), &json!({"iss": url}))).await;
        assert_eq!(reply.status, 502, "try {number}");
        assert_eq!(reply.json()["type"], "urn:ringdown:problem:provider-unavailable");
    }
    running.token("alice").await;
}

/// An ID token of the provider's, asked for directly.
async fn signed_by(provider: &Provider) -> String {
    let address = provider.url.strip_prefix("http://").expect("http");
    let body = "code=good&code_verifier=v&redirect_uri=/api/v1/oidc/callback";
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let request = format!(
        "POST /token HTTP/1.1\r\nauthorization: Basic cmluZ2Rvd246cyUzQWVjcmV0\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    text(&serde_json::from_str::<Value>(body).expect("JSON")["id_token"])
}

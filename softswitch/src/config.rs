//! Configuration: a TOML file, overridden by `RINGDOWN_*` environment variables, for containers.

use std::{
    collections::BTreeMap,
    fmt, fs, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    ops::RangeInclusive,
    path::{Path, PathBuf},
    str::FromStr,
};

use ringdown_types::SrtpPolicy;
use serde::{Deserialize, Deserializer, de};

use crate::sound_fetch::plain_host;

/// Everything a softswitch can be told. Every key has a default; unknown keys are an error. The environment variable
/// of a key is `RINGDOWN_` and the key in capitals; lists are separated by commas there.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// Where state is kept: the directory snapshot, the certificate. Made if it is missing.
    pub state: PathBuf,
    /// The app server's node endpoint, `ws://…/node` or `wss://…/node`. Without it the switch runs on the directory
    /// it last got.
    pub appserver_url: Option<String>,
    /// The token that admits this node, as the app server has it.
    pub node_token: Option<Secret>,
    /// A file that holds the token; used where `node_token` is not set.
    pub node_token_file: Option<PathBuf>,
    /// Accepts the app server's certificate without checking it. Only for a self-signed app server on the same host.
    pub appserver_insecure: bool,
    /// A name for people, shown where nodes are listed.
    pub node_name: String,
    /// Where SIP is served, UDP and TCP alike. An IPv6 wildcard is passed over where the system has no IPv6.
    #[serde(deserialize_with = "list")]
    pub sip_listen: Vec<SocketAddr>,
    /// Where SIP is served over TLS; empty serves none.
    #[serde(deserialize_with = "list")]
    pub sip_tls_listen: Vec<SocketAddr>,
    /// Where SIP is served over WebSocket without TLS, such as behind a reverse proxy; empty serves none.
    #[serde(deserialize_with = "list")]
    pub sip_ws_listen: Vec<SocketAddr>,
    /// Where SIP is served over WebSocket with TLS; empty serves none.
    #[serde(deserialize_with = "list")]
    pub sip_wss_listen: Vec<SocketAddr>,
    /// The certificate chain of SIP over TLS, as PEM. Without it a self-signed one is made. A renewed file is taken
    /// into use within seconds.
    pub sip_certificate: Option<PathBuf>,
    /// The private key of `sip_certificate`, as PEM.
    pub sip_private_key: Option<PathBuf>,
    /// Sites whose pages may use SIP over WebSocket, beside those of this host: `https://crm.example.com`; `*` for all.
    #[serde(deserialize_with = "list")]
    pub sip_ws_origins: Vec<String>,
    /// Names of this host: in the self-signed certificate, and what pages may connect to.
    #[serde(deserialize_with = "list")]
    pub host_names: Vec<String>,
    /// The digest algorithms telephones may choose from, preferred first: `sha-256`, `md5`. With both, an old telephone
    /// that knows only MD5 may need a second attempt the first time; with `md5` alone it does not.
    #[serde(deserialize_with = "list")]
    pub(crate) sip_digest: Vec<DigestAlgorithm>,
    /// How often a telephone registered over UDP is asked whether it is there, in seconds; 0 for never.
    pub(crate) sip_qualify_seconds: u16,
    /// How long a call lives without a sign of life of a telephone that knows session timers, in seconds; 0 asks for
    /// none.
    pub(crate) sip_session_seconds: u32,
    /// The shortest such time a telephone may ask for, in seconds, 90 or more.
    pub(crate) sip_session_min_seconds: u32,
    /// Whether telephones' media are encrypted: `off`, `optional` or `required`.
    pub srtp: SrtpSetting,
    /// Whether SRTP keys may stand in SIP messages over UDP and TCP, where anybody on the way can read them.
    pub srtp_keys_in_clear: bool,
    /// The address telephones and browsers reach this host at. Without it the address of the default route is taken,
    /// or the loopback address where there is no route.
    pub advertised_address: Option<IpAddr>,
    /// The IPv6 address beside an IPv4 `advertised_address`. Without it that of the default route is taken, where SIP
    /// is served over IPv6.
    pub advertised_address_v6: Option<Ipv6Addr>,
    /// More addresses browsers may reach this host at; each becomes an ICE candidate.
    #[serde(deserialize_with = "list")]
    pub extra_webrtc_addresses: Vec<IpAddr>,
    /// The UDP port of the first media worker's browsers; each further worker has the next one.
    pub webrtc_port: u16,
    /// The UDP ports of telephones' media, `first-last`. A call with a telephone takes two.
    pub rtp_ports: PortRange,
    /// Media worker threads; 0 makes one per core.
    pub workers: usize,
    /// The folder of sound packs: `current` in it, or it itself, holds `manifest.json`.
    pub sounds: Option<PathBuf>,
    /// Hosts whose sound files may be played by URL, names or addresses; `*` for every public one. None: no URLs.
    #[serde(deserialize_with = "list")]
    pub play_hosts: Vec<String>,
    /// Where health, readiness and metrics are answered over HTTP.
    pub health_listen: SocketAddr,
    /// Calls at once; one more is refused with 503.
    pub max_calls: usize,
    /// SIP messages a second of one address whose senders proved no password, ten seconds' worth at once; more are not
    /// read. 0 is no limit.
    pub sip_requests_per_address: u32,
    /// SIP requests a second of one telephone account outside calls, ten seconds' worth at once; more are refused with
    /// 503. 0 is no limit.
    pub sip_requests_per_user: u32,
    /// What is logged, in `tracing` filter syntax.
    pub log: String,
    /// `text` or `json`.
    pub log_format: LogFormat,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            state: "state/softswitch".into(),
            appserver_url: None,
            node_token: None,
            node_token_file: None,
            appserver_insecure: false,
            node_name: "softswitch".to_owned(),
            sip_listen: everywhere(5060),
            sip_tls_listen: everywhere(5061),
            sip_ws_listen: Vec::new(),
            sip_wss_listen: everywhere(7443),
            sip_certificate: None,
            sip_private_key: None,
            sip_ws_origins: Vec::new(),
            host_names: Vec::new(),
            sip_digest: vec![DigestAlgorithm::Sha256, DigestAlgorithm::Md5],
            sip_qualify_seconds: 50,
            sip_session_seconds: 1800,
            sip_session_min_seconds: 90,
            srtp: SrtpSetting::Optional,
            srtp_keys_in_clear: false,
            advertised_address: None,
            advertised_address_v6: None,
            extra_webrtc_addresses: Vec::new(),
            webrtc_port: 40_000,
            rtp_ports: PortRange { first: 20_000, last: 20_999 },
            workers: 0,
            sounds: None,
            play_hosts: Vec::new(),
            health_listen: SocketAddr::from(([127, 0, 0, 1], 8090)),
            max_calls: 2_000,
            sip_requests_per_address: 500,
            sip_requests_per_user: 50,
            log: "info".to_owned(),
            log_format: LogFormat::Text,
        }
    }
}

/// A port on every address of both IP versions.
fn everywhere(port: u16) -> Vec<SocketAddr> {
    vec![(Ipv4Addr::UNSPECIFIED, port).into(), (Ipv6Addr::UNSPECIFIED, port).into()]
}

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// A file that cannot be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Not TOML, an unknown key or a wrong value.
    #[error("configuration: {0}")]
    Malformed(#[from] toml::de::Error),
    /// Values that do not go together.
    #[error("configuration: {0}")]
    Invalid(String),
}

impl Config {
    /// Reads the file, if there is one, and the environment.
    ///
    /// # Errors
    /// When the file cannot be read, a key is unknown, a value is wrong, or values do not go together.
    pub(crate) fn load(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let text = match file {
            Some(path) => fs::read_to_string(path)
                .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?,
            None => String::new(),
        };
        let mut table: toml::Table = toml::from_str(&text)?;
        for (key, value) in environment.filter_map(|(name, value)| Some((env_key(&name)?, value))) {
            table.insert(key.to_owned(), env_value(&value));
        }
        let mut config: Self = toml::Value::Table(table).try_into()?;
        if config.node_token.is_none()
            && let Some(path) = &config.node_token_file
        {
            let token = fs::read_to_string(path)
                .map_err(|source| ConfigError::Unreadable { path: path.clone(), source })?;
            config.node_token = Some(Secret(token.trim().to_owned()));
        }
        config.validated()
    }

    fn validated(self) -> Result<Self, ConfigError> {
        let invalid = |message: &str| Err(ConfigError::Invalid(message.to_owned()));
        if self.sip_listen.is_empty() {
            return invalid("sip_listen is empty: name at least one address, such as 0.0.0.0:5060");
        }
        if self.sip_certificate.is_some() != self.sip_private_key.is_some() {
            return invalid("sip_certificate and sip_private_key are set together or not at all");
        }
        let is_site = |origin: &String| {
            let authority = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
            origin == "*" || authority.is_some_and(|rest| !rest.is_empty() && !rest.contains('/'))
        };
        if !self.sip_ws_origins.iter().all(is_site) {
            return invalid("sip_ws_origins names sites such as https://crm.example.com, without a path");
        }
        if !self.play_hosts.iter().all(|host| host == "*" || plain_host(host).is_some()) {
            return invalid(
                "play_hosts names hosts such as media.example.com, without scheme, port and path",
            );
        }
        if self.sip_digest.is_empty() {
            return invalid("sip_digest is empty: name sha-256, md5 or both");
        }
        let (session, least) = (self.sip_session_seconds, self.sip_session_min_seconds);
        if !(90..=86_400).contains(&least) || (session != 0 && !(least..=86_400).contains(&session)) {
            return invalid(
                "sip_session_min_seconds is 90 or more, sip_session_seconds no less, or 0 for none",
            );
        }
        if (1..10).contains(&self.sip_qualify_seconds) {
            return invalid("sip_qualify_seconds is too small: name 10 or more, or 0 for never");
        }
        if self.advertised_address.is_some_and(|address| address.is_unspecified()) {
            return invalid("advertised_address is 0.0.0.0: name the address telephones reach this host at");
        }
        if self.appserver_url.is_some() && self.node_token.is_none() {
            return invalid("appserver_url is set without node_token or node_token_file");
        }
        let last_webrtc_port = usize::from(self.webrtc_port) + self.workers().saturating_sub(1);
        if last_webrtc_port > 65_535 {
            return invalid("webrtc_port leaves no room for every worker's port");
        }
        let rtp = usize::from(self.rtp_ports.first)..=usize::from(self.rtp_ports.last);
        if rtp.contains(&usize::from(self.webrtc_port)) || rtp.contains(&last_webrtc_port) {
            return invalid("webrtc_port lies inside rtp_ports");
        }
        if self.rtp_ports.len() < 4 * self.workers() {
            return invalid("rtp_ports is too small: each worker needs at least four ports");
        }
        Ok(self)
    }

    /// How many media workers to start: at least one.
    pub(crate) fn workers(&self) -> usize {
        match self.workers {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            workers => workers,
        }
    }
}

const ENV_PREFIX: &str = "RINGDOWN_";

/// The keys that may come from the environment: every one there is.
const KEYS: [&str; 34] = [
    "state",
    "appserver_url",
    "node_token",
    "node_token_file",
    "appserver_insecure",
    "node_name",
    "sip_listen",
    "sip_tls_listen",
    "sip_ws_listen",
    "sip_wss_listen",
    "sip_certificate",
    "sip_private_key",
    "sip_ws_origins",
    "host_names",
    "sip_digest",
    "sip_qualify_seconds",
    "sip_session_seconds",
    "sip_session_min_seconds",
    "srtp",
    "srtp_keys_in_clear",
    "advertised_address",
    "advertised_address_v6",
    "extra_webrtc_addresses",
    "webrtc_port",
    "rtp_ports",
    "workers",
    "sounds",
    "play_hosts",
    "health_listen",
    "max_calls",
    "sip_requests_per_address",
    "sip_requests_per_user",
    "log",
    "log_format",
];

/// The key an environment variable sets. Variables of other programs share the prefix, so unknown ones are not an
/// error.
fn env_key(name: &str) -> Option<&'static str> {
    let key = name.strip_prefix(ENV_PREFIX)?.to_ascii_lowercase();
    KEYS.into_iter().find(|&known| known == key)
}

fn env_value(text: &str) -> toml::Value {
    match text.parse::<i64>() {
        Ok(number) => toml::Value::Integer(number),
        Err(_) => match text {
            "true" => toml::Value::Boolean(true),
            "false" => toml::Value::Boolean(false),
            _ => toml::Value::String(text.to_owned()),
        },
    }
}

/// A list, or one string of values separated by commas.
fn list<'de, D: Deserializer<'de>, T: Deserialize<'de> + FromStr<Err: fmt::Display>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either<T> {
        List(Vec<T>),
        Text(String),
    }
    match Either::deserialize(deserializer)? {
        Either::List(values) => Ok(values),
        Either::Text(text) => text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(|part| part.parse().map_err(|error| de::Error::custom(format!("`{part}`: {error}"))))
            .collect(),
    }
}

/// A digest algorithm (RFC 8760).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum DigestAlgorithm {
    /// SHA-256.
    #[serde(rename = "sha-256")]
    Sha256,
    /// MD5.
    #[serde(rename = "md5")]
    Md5,
}

impl FromStr for DigestAlgorithm {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        match text {
            "sha-256" => Ok(Self::Sha256),
            "md5" => Ok(Self::Md5),
            _ => Err("known are sha-256 and md5"),
        }
    }
}

/// Whether telephones' media are encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SrtpSetting {
    /// Never.
    Off,
    /// Where the telephone can.
    Optional,
    /// Always: a telephone that cannot has no calls.
    Required,
}

impl From<SrtpSetting> for SrtpPolicy {
    fn from(setting: SrtpSetting) -> Self {
        match setting {
            SrtpSetting::Off => Self::Off,
            SrtpSetting::Optional => Self::Optional,
            SrtpSetting::Required => Self::Required,
        }
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// A value that never reaches a log.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(crate) struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("‹secret›")
    }
}

/// A range of UDP ports, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PortRange {
    /// The lowest port.
    pub first: u16,
    /// The highest port.
    pub last: u16,
}

impl PortRange {
    /// How many ports it holds.
    pub(crate) fn len(self) -> usize {
        usize::from(self.last) - usize::from(self.first) + 1
    }

    /// Cuts it into `parts` slices of equal, even length that begin at even ports.
    pub(crate) fn slices(self, parts: usize) -> Vec<RangeInclusive<u16>> {
        let first = usize::from(self.first).next_multiple_of(2);
        let pairs = (usize::from(self.last) + 1).saturating_sub(first) / 2 / parts.max(1);
        (0..parts)
            .map(|part| first + part * pairs * 2)
            .map(|start| start as u16..=(start + pairs * 2 - 1) as u16)
            .collect()
    }
}

impl FromStr for PortRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = text
            .split_once('-')
            .and_then(|(first, last)| Some((first.trim().parse().ok()?, last.trim().parse().ok()?)));
        match parsed {
            Some((first, last)) if first >= 1024 && first < last => Ok(Self { first, last }),
            _ => Err(format!("`{text}` is no port range such as 20000-20999 above 1023")),
        }
    }
}

impl<'de> Deserialize<'de> for PortRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// The environment, as [`Config::load`] takes it; variables that are no Unicode are passed over.
pub(crate) fn environment() -> impl Iterator<Item = (String, String)> {
    let variables: BTreeMap<String, String> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    variables.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(env: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::load(None, env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn the_example_file_holds_every_key_with_its_default() {
        let example = include_str!("../config.example.toml");
        let config: Config = toml::from_str(example).expect("the example is valid");
        assert_eq!(config.sip_listen, Config::default().sip_listen);
        assert_eq!(config.sip_wss_listen, Config::default().sip_wss_listen);
        for key in KEYS {
            assert!(example.contains(&format!("{key} =")), "{key} is not in the example");
        }
    }

    #[test]
    fn the_environment_overrides_and_lists_split_at_commas() {
        let config = load(&[
            ("RINGDOWN_SIP_LISTEN", "127.0.0.1:5070, [::1]:5070"),
            ("RINGDOWN_SIP_TLS_LISTEN", ""),
            ("RINGDOWN_SIP_WS_ORIGINS", "https://crm.example.com"),
            ("RINGDOWN_RTP_PORTS", "30000-30099"),
            ("RINGDOWN_WORKERS", "2"),
            ("RINGDOWN_HTTP_LISTEN", "the app server's, not ours"),
        ])
        .expect("valid");
        assert_eq!((config.sip_listen.len(), config.sip_tls_listen.len()), (2, 0));
        assert_eq!(config.sip_ws_origins, ["https://crm.example.com"]);
        assert_eq!(config.rtp_ports, PortRange { first: 30_000, last: 30_099 });
        assert_eq!(config.workers(), 2);
    }

    #[test]
    fn what_does_not_go_together_is_said_at_start() {
        assert!(load(&[("RINGDOWN_APPSERVER_URL", "ws://127.0.0.1/node")]).is_err());
        assert!(load(&[("RINGDOWN_WEBRTC_PORT", "20010")]).is_err());
        assert!(load(&[("RINGDOWN_RTP_PORTS", "20000-20001")]).is_err());
        assert!(load(&[("RINGDOWN_ADVERTISED_ADDRESS", "0.0.0.0")]).is_err());
        assert!(load(&[("RINGDOWN_SIP_CERTIFICATE", "chain.pem")]).is_err());
        assert!(load(&[("RINGDOWN_SIP_WS_ORIGINS", "crm.example.com")]).is_err());
        assert!(load(&[("RINGDOWN_SIP_WS_ORIGINS", "https://crm.example.com/page")]).is_err());
        assert!(load(&[("RINGDOWN_PLAY_HOSTS", "https://example.com")]).is_err());
        assert!(load(&[("RINGDOWN_PLAY_HOSTS", "example.com:8080")]).is_err());
        assert!(load(&[("RINGDOWN_PLAY_HOSTS", "*, Example.com, ::1, 10.0.0.1")]).is_ok());
        assert!(toml::from_str::<Config>("sip_lisen = []").is_err());
    }

    #[test]
    fn slices_are_even_and_do_not_overlap() {
        let slices = PortRange { first: 20_001, last: 20_999 }.slices(3);
        assert_eq!(slices[0], 20_002..=20_333);
        assert_eq!(slices[2].end(), &20_997);
        assert!(slices.iter().all(|slice| slice.start() % 2 == 0));
    }
}

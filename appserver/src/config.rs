//! The configuration: a file, then the environment over it. `config.example.toml` shows every key.

use std::{
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    str::FromStr,
};

use serde::Deserialize;

mod outside;

pub use outside::{AccountRules, ExtensionRange, OidcProvider, TrustedIssuer, TrustedServer};

/// Everything that can be set. A key the program does not know is an error.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where HTTP, `/ws` and `/node` are served.
    pub http_listen: SocketAddr,
    /// The address people type: its host goes into the self-signed certificate and its origin is allowed.
    pub public_url: Option<String>,
    /// The folder of databases, keys and `first-run.txt`.
    pub state: PathBuf,
    /// A `postgres://` URL; without one the databases are SQLite files in the state folder.
    pub database_url: Option<Secret>,
    /// What a softswitch shows to be admitted.
    pub node_token: Option<Secret>,
    /// A file that holds it. Without a token the file is read, and written first where there is none;
    /// `node-token` in the state folder if left out.
    pub node_token_file: Option<PathBuf>,
    /// The folder of web pages; nothing is served at `/` without one.
    pub web_root: Option<PathBuf>,
    /// How TLS is done.
    pub tls: Tls,
    /// The certificate chain, PEM, for `tls = "files"`.
    pub tls_cert: Option<PathBuf>,
    /// Its private key, PEM, for `tls = "files"`.
    pub tls_key: Option<PathBuf>,
    /// Origins of other sites whose pages may use the server, such as the CRM's: `https://crm.example.com`.
    pub allowed_origins: Vec<String>,
    /// Whether people can sign in by name and password.
    pub password_sign_in: bool,
    /// Issuers of signed tokens whose word is taken, such as the CRM.
    pub trusted_issuers: Vec<TrustedIssuer>,
    /// Servers that may ask for sign-ins with a secret.
    pub trusted_servers: Vec<TrustedServer>,
    /// OpenID providers people sign in with.
    pub oidc_providers: Vec<OidcProvider>,
    /// Whom push services can write to: `mailto:…` or `https://…`; the public URL if left out.
    pub push_contact: Option<String>,
    /// Hosts of push services within one's own network; all others must have public addresses.
    pub push_hosts: Vec<String>,
    /// On the very first start, makes alice, bob and carol beside the admin.
    pub demo: bool,
    /// The SIP domain and digest realm. Devices' passwords are bound to it.
    pub realm: String,
    /// Whether older client protocols are served: Verto at `/compat/verto`, Webitel at `/compat/webitel`.
    pub compat: bool,
    /// With `compat`: a port that serves Webitel's protocol at its root too, as its clients expect on 10022.
    pub webitel_listen: Option<SocketAddr>,
    /// With `compat`: a port that serves Verto at its root too, as its clients expect on 8081 or 8082.
    pub verto_listen: Option<SocketAddr>,
    /// Connections at once.
    pub max_connections: usize,
    /// Connections of one address at once: an office behind one address must fit.
    pub max_connections_per_address: usize,
    /// The longest file somebody may send, in MiB.
    pub max_file_mib: u64,
    /// Room for the files of one person, in MiB.
    pub max_files_mib_per_person: u64,
    /// Room for all files together, in MiB.
    pub max_files_mib: u64,
    /// For how many days messages of the chat are kept; 0 for good.
    pub chat_kept_days: u32,
    /// For how many days files sent in it are kept; 0 for as long as their messages.
    pub chat_files_kept_days: u32,
    /// What is logged, in tracing's filter syntax.
    pub log: String,
    /// How it is logged.
    pub log_format: LogFormat,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            http_listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: None,
            state: PathBuf::from("state/appserver"),
            database_url: None,
            node_token: None,
            node_token_file: None,
            web_root: None,
            tls: Tls::Auto,
            tls_cert: None,
            tls_key: None,
            allowed_origins: Vec::new(),
            password_sign_in: true,
            trusted_issuers: Vec::new(),
            trusted_servers: Vec::new(),
            oidc_providers: Vec::new(),
            push_contact: None,
            push_hosts: Vec::new(),
            demo: false,
            realm: "ringdown.local".to_owned(),
            compat: false,
            webitel_listen: None,
            verto_listen: None,
            max_connections: 10_000,
            max_connections_per_address: 1_000,
            max_file_mib: 25,
            max_files_mib_per_person: 1_024,
            max_files_mib: 10_240,
            chat_kept_days: 0,
            chat_files_kept_days: 0,
            log: "info".to_owned(),
            log_format: LogFormat::Text,
        }
    }
}

/// How TLS is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tls {
    /// Off where the public URL is `http:`, or where there is none and the listening address is loopback; else a
    /// self-signed certificate.
    Auto,
    /// The certificate of `tls_cert` and `tls_key`.
    Files,
    /// Plain HTTP: for a proxy in front that does TLS.
    Off,
}

/// How lines are logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// A value that never reaches a log.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("‹redacted›")
    }
}

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not TOML, or has an unknown key or a wrong value.
    #[error("{path}: {message}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where and what.
        message: String,
    },
    /// An environment variable has a wrong value.
    #[error("{name}: {message}")]
    Environment {
        /// The variable.
        name: &'static str,
        /// What is wrong.
        message: String,
    },
    /// Values that do not go together.
    #[error("{0}")]
    Inconsistent(&'static str),
}

impl Config {
    /// Reads the file, if one is named, and lays the environment over it.
    ///
    /// # Errors
    /// When a value cannot be used, with the name of its key.
    pub fn load(
        file: Option<&Path>,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let mut config = match file {
            None => Self::default(),
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
                toml::from_str(&text).map_err(|error| ConfigError::Malformed {
                    path: path.to_owned(),
                    message: error.to_string(),
                })?
            }
        };
        config.apply_environment(environment)?;
        config.check()?;
        Ok(config)
    }

    fn apply_environment(&mut self, environment: impl Fn(&str) -> Option<String>) -> Result<(), ConfigError> {
        let env = Environment(environment);
        env.set("RINGDOWN_HTTP_LISTEN", &mut self.http_listen)?;
        env.set_some("RINGDOWN_PUBLIC_URL", &mut self.public_url)?;
        env.set("RINGDOWN_STATE", &mut self.state)?;
        env.set_some("RINGDOWN_DATABASE_URL", &mut self.database_url)?;
        env.set_some("RINGDOWN_NODE_TOKEN", &mut self.node_token)?;
        env.set_some("RINGDOWN_NODE_TOKEN_FILE", &mut self.node_token_file)?;
        env.set_some("RINGDOWN_WEB_ROOT", &mut self.web_root)?;
        env.set("RINGDOWN_TLS", &mut self.tls)?;
        env.set_some("RINGDOWN_TLS_CERT", &mut self.tls_cert)?;
        env.set_some("RINGDOWN_TLS_KEY", &mut self.tls_key)?;
        env.set("RINGDOWN_REALM", &mut self.realm)?;
        env.set_some("RINGDOWN_WEBITEL_LISTEN", &mut self.webitel_listen)?;
        env.set_some("RINGDOWN_VERTO_LISTEN", &mut self.verto_listen)?;
        env.set_flag("RINGDOWN_COMPAT", &mut self.compat)?;
        env.set("RINGDOWN_MAX_CONNECTIONS", &mut self.max_connections)?;
        env.set("RINGDOWN_MAX_CONNECTIONS_PER_ADDRESS", &mut self.max_connections_per_address)?;
        env.set("RINGDOWN_MAX_FILE_MIB", &mut self.max_file_mib)?;
        env.set("RINGDOWN_MAX_FILES_MIB_PER_PERSON", &mut self.max_files_mib_per_person)?;
        env.set("RINGDOWN_MAX_FILES_MIB", &mut self.max_files_mib)?;
        env.set("RINGDOWN_CHAT_KEPT_DAYS", &mut self.chat_kept_days)?;
        env.set("RINGDOWN_CHAT_FILES_KEPT_DAYS", &mut self.chat_files_kept_days)?;
        env.set("RINGDOWN_LOG", &mut self.log)?;
        env.set("RINGDOWN_LOG_FORMAT", &mut self.log_format)?;
        env.set_some("RINGDOWN_PUSH_CONTACT", &mut self.push_contact)?;
        if let Some(list) = env.value("RINGDOWN_PUSH_HOSTS") {
            let hosts = list.split(',').map(str::trim).filter(|host| !host.is_empty());
            self.push_hosts = hosts.map(str::to_owned).collect();
        }
        if let Some(list) = env.value("RINGDOWN_ALLOWED_ORIGINS") {
            let origins = list.split(',').map(str::trim).filter(|origin| !origin.is_empty());
            self.allowed_origins = origins.map(str::to_owned).collect();
        }
        env.set_flag("RINGDOWN_DEMO", &mut self.demo)?;
        env.set_flag("RINGDOWN_PASSWORD_SIGN_IN", &mut self.password_sign_in)
    }

    fn check(&self) -> Result<(), ConfigError> {
        if self.tls == Tls::Files && (self.tls_cert.is_none() || self.tls_key.is_none()) {
            return Err(ConfigError::Inconsistent("tls = \"files\" needs tls_cert and tls_key"));
        }
        let origins = self.allowed_origins.iter().chain(&self.public_url);
        if origins.into_iter().any(|url| crate::origin::Origin::of_url(url).is_none()) {
            return Err(ConfigError::Inconsistent(
                "public_url and allowed_origins are http:// or https:// URLs without a user and a path",
            ));
        }
        let limits = [self.max_file_mib, self.max_files_mib_per_person, self.max_files_mib];
        if limits.iter().any(|mib| !(1..=1 << 30).contains(mib)) {
            return Err(ConfigError::Inconsistent("the limits of files are 1 MiB to 1,073,741,824 MiB"));
        }
        self.trusted_issuers.iter().try_for_each(TrustedIssuer::check)?;
        self.trusted_servers.iter().try_for_each(TrustedServer::check)?;
        self.oidc_providers.iter().try_for_each(OidcProvider::check)?;
        if self.public_url.is_none() && !self.oidc_providers.is_empty() {
            return Err(ConfigError::Inconsistent(
                "oidc_providers need public_url: they send people back there",
            ));
        }
        let realm_fits = (1..=255).contains(&self.realm.len())
            && self.realm.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
        if !realm_fits {
            return Err(ConfigError::Inconsistent("realm is 1 to 255 letters, digits, dots and hyphens"));
        }
        Ok(())
    }

    /// Whether connections are encrypted, as far as `tls` says.
    pub fn uses_tls(&self) -> bool {
        match (self.tls, &self.public_url) {
            (Tls::Files, _) => true,
            (Tls::Off, _) => false,
            (Tls::Auto, Some(url)) => url.starts_with("https:"),
            (Tls::Auto, None) => !self.http_listen.ip().is_loopback(),
        }
    }

    /// Where the server's own `check` reaches it.
    pub fn local_address(&self) -> SocketAddr {
        let ip = match self.http_listen.ip() {
            ip if !ip.is_unspecified() => ip,
            IpAddr::V4(_) => IpAddr::from([127, 0, 0, 1]),
            IpAddr::V6(_) => IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]),
        };
        SocketAddr::new(ip, self.http_listen.port())
    }
}

/// Variables; an empty one counts as not set, for `compose.yaml` passes empty ones on.
struct Environment<F>(F);

impl<F: Fn(&str) -> Option<String>> Environment<F> {
    fn value(&self, name: &str) -> Option<String> {
        (self.0)(name).filter(|value| !value.is_empty())
    }

    fn set_flag(&self, name: &'static str, target: &mut bool) -> Result<(), ConfigError> {
        match self.value(name).as_deref() {
            None => {}
            Some("1" | "true" | "yes") => *target = true,
            Some("0" | "false" | "no") => *target = false,
            Some(_) => {
                let message = "it is 1 or 0".to_owned();
                return Err(ConfigError::Environment { name, message });
            }
        }
        Ok(())
    }

    fn set<T: FromStr<Err: std::fmt::Display>>(
        &self,
        name: &'static str,
        target: &mut T,
    ) -> Result<(), ConfigError> {
        if let Some(value) = self.value(name) {
            let wrong = |error: T::Err| ConfigError::Environment { name, message: error.to_string() };
            *target = value.parse().map_err(wrong)?;
        }
        Ok(())
    }

    fn set_some<T: FromStr<Err: std::fmt::Display>>(
        &self,
        name: &'static str,
        target: &mut Option<T>,
    ) -> Result<(), ConfigError> {
        if let Some(value) = self.value(name) {
            let wrong = |error: T::Err| ConfigError::Environment { name, message: error.to_string() };
            *target = Some(value.parse().map_err(wrong)?);
        }
        Ok(())
    }
}

impl FromStr for Tls {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "files" => Ok(Self::Files),
            "off" => Ok(Self::Off),
            _ => Err("it is auto, files or off"),
        }
    }
}

impl FromStr for LogFormat {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("it is text or json"),
        }
    }
}

impl FromStr for Secret {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("config.toml");
        std::fs::write(&path, text).expect("the file is writable");
        Config::load(Some(&path), |name| {
            environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_example_file_is_understood_and_names_every_key() {
        let example = include_str!("../config.example.toml");
        let config = load(example, &[]).expect("the example is valid");
        for key in [
            "http_listen",
            "public_url",
            "state",
            "database_url",
            "node_token",
            "node_token_file",
            "web_root",
            "tls",
            "tls_cert",
            "tls_key",
            "allowed_origins",
            "password_sign_in",
            "push_contact",
            "push_hosts",
            "demo",
            "realm",
            "compat",
            "webitel_listen",
            "verto_listen",
            "max_connections",
            "max_connections_per_address",
            "log",
            "log_format",
        ] {
            assert!(example.lines().any(|line| line.starts_with(&format!("{key} ="))), "{key}");
        }
        for table in ["trusted_issuers", "trusted_servers", "oidc_providers"] {
            assert!(example.lines().any(|line| line == format!("[[{table}]]")), "{table}");
        }
        let default = Config::default();
        assert_eq!(config.http_listen, default.http_listen);
        assert_eq!(config.max_connections, default.max_connections);
        assert_eq!(config.realm, default.realm);
    }

    #[test]
    fn a_mistyped_key_is_an_error() {
        let error = load("http_lisen = \"127.0.0.1:1\"", &[]).expect_err("unknown key").to_string();
        assert!(error.contains("http_lisen"), "{error}");
    }

    #[test]
    fn the_environment_wins_and_empty_means_not_set() {
        let config = load(
            "realm = \"file.example\"",
            &[("RINGDOWN_REALM", "env.example"), ("RINGDOWN_TLS", ""), ("RINGDOWN_DEMO", "1")],
        )
        .expect("valid");
        assert_eq!((config.realm.as_str(), config.tls, config.demo), ("env.example", Tls::Auto, true));
        assert!(load("", &[("RINGDOWN_TLS", "maybe")]).is_err());
    }

    #[test]
    fn tls_is_off_for_localhost_and_on_for_the_world() {
        let tls = |listen: &str, url: Option<&str>| {
            let mut environment = vec![("RINGDOWN_HTTP_LISTEN", listen)];
            environment.extend(url.map(|url| ("RINGDOWN_PUBLIC_URL", url)));
            load("", &environment).expect("valid").uses_tls()
        };
        assert!(!tls("127.0.0.1:8080", None));
        assert!(tls("0.0.0.0:8080", None));
        assert!(!tls("0.0.0.0:8080", Some("http://localhost:8080")), "a container behind a published port");
        assert!(tls("127.0.0.1:8080", Some("https://pbx.example.com")));
    }
}

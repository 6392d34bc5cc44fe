//! The certificate: given in files, or self-signed and kept in the state folder.

use std::{net::IpAddr, path::Path, sync::Arc, time::Duration};

use anyhow::{Context as _, bail};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use tokio_rustls::TlsAcceptor;

use crate::{
    config::{Config, Tls},
    origin::Origin,
    state_file,
};

/// What the configuration asks for; `None` for plain HTTP.
///
/// # Errors
/// When a file cannot be read or holds no certificate or key.
pub fn acceptor(config: &Config) -> anyhow::Result<Option<TlsAcceptor>> {
    if !config.uses_tls() {
        return Ok(None);
    }
    let (chain, key) = match (config.tls, &config.tls_cert, &config.tls_key) {
        (Tls::Files, Some(chain), Some(key)) => (
            std::fs::read_to_string(chain).with_context(|| format!("cannot read {}", chain.display()))?,
            std::fs::read_to_string(key).with_context(|| format!("cannot read {}", key.display()))?,
        ),
        _ => self_signed(config)?,
    };
    let chain: Vec<_> = CertificateDer::pem_slice_iter(chain.as_bytes()).collect::<Result<_, _>>()?;
    if chain.is_empty() {
        bail!("the certificate file holds no certificate");
    }
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).context("the key file holds no private key")?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .context("the certificate and the key do not go together")?;
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Some(TlsAcceptor::from(Arc::new(tls))))
}

/// The kept certificate and its key. A new one is made when the names changed, and every year: browsers refuse one
/// that is valid for more than 825 days.
fn self_signed(config: &Config) -> anyhow::Result<(String, String)> {
    let year = year_of(crate::clock::unix_ms());
    let names = names(config);
    let made_for = format!("{year} {}\n", names.join(" "));
    let [chain_path, key_path, names_path] =
        ["tls-cert.pem", "tls-key.pem", "tls-names"].map(|name| config.state.join(name));
    if std::fs::read_to_string(&names_path).is_ok_and(|kept| kept == made_for)
        && let (Ok(chain), Ok(key)) =
            (std::fs::read_to_string(&chain_path), std::fs::read_to_string(&key_path))
    {
        return Ok((chain, key));
    }
    let mut params = CertificateParams::new(names)?;
    params.not_before = rcgen::date_time_ymd(year, 1, 1);
    params.not_after = rcgen::date_time_ymd(year + 2, 1, 1);
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Ringdown");
    let key = KeyPair::generate()?;
    let chain = params.self_signed(&key)?.pem();
    let key = key.serialize_pem();
    state_file::write(&key_path, &key)?;
    state_file::write(&chain_path, &chain)?;
    state_file::write(&names_path, &made_for)?;
    tracing::info!("a self-signed certificate was made");
    Ok((chain, key))
}

/// What people may call this host.
fn names(config: &Config) -> Vec<String> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    let listening = config.http_listen.ip();
    if !listening.is_unspecified() {
        names.push(listening.to_string());
    }
    let urls = config.public_url.iter().filter_map(|url| Origin::of_url(url));
    names.extend(urls.map(|origin| origin.host().trim_matches(['[', ']']).to_owned()));
    let host = std::fs::read_to_string(Path::new("/etc/hostname")).unwrap_or_default();
    let is_name = |name: &str| {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
            && name.parse::<IpAddr>().is_err()
    };
    names.extend(Some(host.trim()).filter(|name| is_name(name)).map(str::to_owned));
    names.sort();
    names.dedup();
    names
}

fn year_of(unix_ms: u64) -> i32 {
    /// The mean year of the calendar; a few hours' error around New Year do not matter here.
    const YEAR: Duration = Duration::from_secs(31_556_952);
    1970 + i32::try_from(unix_ms / 1_000 / YEAR.as_secs()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_certificate_is_kept_until_its_names_change() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let config = |url: &str| Config {
            state: folder.path().to_owned(),
            public_url: Some(url.to_owned()),
            ..Config::default()
        };
        let (first, key) = self_signed(&config("https://192.0.2.1:8443")).expect("made");
        assert_eq!(self_signed(&config("https://192.0.2.1:8443")).expect("kept"), (first.clone(), key));
        assert_ne!(self_signed(&config("https://pbx.example.com")).expect("made anew").0, first);
        assert!(acceptor(&config("https://pbx.example.com")).expect("usable").is_some());
        assert_eq!((year_of(1_767_268_800_000), year_of(1_796_000_000_000)), (2026, 2026));
    }
}

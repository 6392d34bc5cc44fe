//! The updater's settings: environment variables alone, for it has no file of its own.

use std::path::PathBuf;

use ringdown_update::Limits;

/// Settings.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the journal is kept.
    pub state: PathBuf,
    /// The folder of the socket that the console and the command line ask at.
    pub control: PathBuf,
    /// The public key releases are signed with (minisign); without it none is taken.
    pub public_key: Option<String>,
    /// Where the newest release of the channel is: its text is there, its signature beside it with `.minisig`.
    pub channel: Option<String>,
    /// The folder where an admin puts archives.
    pub import: PathBuf,
    /// How long things may take.
    pub limits: Limits,
}

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{name} is {value:?}: {wants}")]
pub struct ConfigError {
    name: &'static str,
    value: String,
    wants: &'static str,
}

impl Config {
    /// Reads them.
    ///
    /// # Errors
    /// When one has a value that makes no sense.
    pub fn load(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let set = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let path = |name, otherwise: &str| PathBuf::from(set(name).unwrap_or_else(|| otherwise.to_owned()));
        let seconds = |name: &'static str, otherwise: u64| match set(name) {
            None => Ok(otherwise),
            Some(value) => match value.parse::<u64>() {
                Ok(seconds @ 1..=604_800) => Ok(seconds * 1000),
                _ => Err(ConfigError { name, value, wants: "seconds, 1 to 604800" }),
            },
        };
        let usual = Limits::default();
        let channel = set("RINGDOWN_UPDATE_CHANNEL");
        if let Some(value) = channel.as_ref().filter(|url| !url.starts_with("https://")) {
            return Err(ConfigError {
                name: "RINGDOWN_UPDATE_CHANNEL",
                value: value.clone(),
                wants: "an https:// address of a release.json",
            });
        }
        Ok(Self {
            state: path("RINGDOWN_STATE", "/state"),
            control: path("RINGDOWN_UPDATER_CONTROL", "/control"),
            public_key: set("RINGDOWN_UPDATE_KEY"),
            channel,
            import: path("RINGDOWN_UPDATE_IMPORT", "/import"),
            limits: Limits {
                ready: seconds("RINGDOWN_UPDATE_READY_SECONDS", usual.ready)?,
                drain: seconds("RINGDOWN_UPDATE_DRAIN_SECONDS", usual.drain)?,
                ..usual
            },
        })
    }
}

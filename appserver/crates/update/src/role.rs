//! The kinds of containers.

use serde::{Deserialize, Serialize};

/// What a container is for. Images carry it in the label [`Role::LABEL`].
///
/// In the order of an update: what disturbs least comes first, so that a bad release is found out early.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Carries a sound pack into the volume the softswitch reads.
    Sounds,
    /// People and policy: WebSocket, REST, web pages.
    Appserver,
    /// Calls.
    Softswitch,
    /// Updates the others, and itself.
    Updater,
}

impl Role {
    /// All of them, in the order of an update.
    pub const ALL: [Self; 4] = [Self::Sounds, Self::Appserver, Self::Softswitch, Self::Updater];
    /// The label of images (and so of their containers) that names the role.
    pub const LABEL: &str = "org.ringdown.role";

    /// Its name in labels, releases and commands.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sounds => "sounds",
            Self::Appserver => "appserver",
            Self::Softswitch => "softswitch",
            Self::Updater => "updater",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

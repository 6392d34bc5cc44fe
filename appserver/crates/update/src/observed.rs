//! What the container engine shows at one moment.

use semver::Version;
use serde::{Deserialize, Serialize};

use crate::{ReleaseImage, Role};

/// One look at the engine: all there is to decide by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// Our containers, also those that do not run.
    pub containers: Vec<Container>,
    /// Images of ours, and those the containers stand on.
    pub images: Vec<Image>,
    /// Bytes that are free where images are kept; `None` where that cannot be told.
    pub free_bytes: Option<u64>,
    /// The container the updater itself runs in; `None` when it runs outside of any.
    pub me: Option<String>,
}

/// A container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// The engine's id.
    pub id: String,
    /// Its name, without the slash the engine puts before it.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// The id of the image it stands on.
    pub image: String,
    /// The update that made it; `None` when it was made by an admin.
    pub made_by: Option<String>,
    /// Whether it runs.
    pub state: ContainerState,
}

/// Whether a container runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContainerState {
    /// Made and never started.
    Created,
    /// Runs; also while it is restarted again and again, which its health tells.
    Running(Health),
    /// Ran, and ended with that code.
    Exited(i64),
}

/// What a container's health check says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It has none.
    Unchecked,
    /// Not known yet.
    Starting,
    /// Well.
    Healthy,
    /// Not well.
    Unhealthy,
}

/// An image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// The engine's id: `sha256:…`.
    pub id: String,
    /// Its names: `repository:tag`.
    pub tags: Vec<String>,
    /// Where it was pulled from: `repository@sha256:…`.
    pub digests: Vec<String>,
    /// The role its label tells.
    pub role: Option<Role>,
    /// The version its label tells.
    pub version: Option<Version>,
}

impl Observed {
    /// The container of a role that an update did not make: the one that ran before it.
    #[must_use]
    pub fn before(&self, role: Role, update: &str) -> Option<&Container> {
        self.of(role).find(|container| container.made_by.as_deref() != Some(update))
    }

    /// The container of a role that an update made.
    #[must_use]
    pub fn made(&self, role: Role, update: &str) -> Option<&Container> {
        self.of(role).find(|container| container.made_by.as_deref() == Some(update))
    }

    /// The containers of a role.
    pub fn of(&self, role: Role) -> impl Iterator<Item = &Container> {
        self.containers.iter().filter(move |container| container.role == role)
    }

    /// The image a container stands on.
    #[must_use]
    pub fn image(&self, id: &str) -> Option<&Image> {
        self.images.iter().find(|image| image.id == id)
    }

    /// The image of a release, if it is here.
    #[must_use]
    pub fn has(&self, wanted: &ReleaseImage) -> Option<&Image> {
        let pinned = wanted.pinned();
        self.images.iter().find(|image| {
            pinned.as_ref().is_some_and(|pinned| image.digests.contains(pinned))
                || wanted.digest.as_ref().is_some_and(|digest| digest.as_str() == image.id)
                || wanted.ids.values().any(|id| id.as_str() == image.id)
        })
    }
}

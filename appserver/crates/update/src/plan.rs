//! What an update will do, decided before anything is touched.

use std::collections::{BTreeMap, BTreeSet};

use semver::Version;
use serde::{Deserialize, Serialize};

use crate::{Digest, Observed, Release, ReleaseImage, Role};

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The release to go to.
    pub release: Release,
    /// Only these roles; empty: all that run here.
    pub roles: BTreeSet<Role>,
    /// The archive that holds the images; `None`: they are pulled.
    pub archive: Option<String>,
    /// Whether an older version may replace a newer one, as a rollback does.
    pub downgrade: bool,
}

/// How a role's container is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Swap {
    /// The old one ends, then the new one starts: they cannot both have the port, or the volume.
    StopFirst,
    /// The new one starts beside the old one, which ends by itself when it has nothing left to do.
    Beside,
}

/// How long things may take, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Fetching one image.
    pub fetch: u64,
    /// Saving the database.
    pub backup: u64,
    /// A container's end after it was asked to.
    pub grace: u64,
    /// A new container, from its start until it is well and probed.
    pub ready: u64,
    /// An old one that ends by itself, until it is made to.
    pub drain: u64,
    /// Everything on the way back of one role.
    pub undo: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            fetch: 30 * 60_000,
            backup: 10 * 60_000,
            grace: 20_000,
            ready: 30_000,
            drain: 4 * 60 * 60_000,
            undo: 60_000,
        }
    }
}

/// The change of one role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Which.
    pub role: Role,
    /// The name of its container, which the new one takes over.
    pub name: String,
    /// The id of the image it stands on now.
    pub from: String,
    /// The version of that image, where its label tells one.
    pub from_version: Option<Version>,
    /// The image it will stand on.
    pub to: ReleaseImage,
    /// The version its label must tell; `None`: any.
    pub to_version: Option<Version>,
    /// How.
    pub swap: Swap,
    /// The local name of the role's image, that compose knows it by; it moves to the new image when all is well.
    /// `None`: no name moves.
    pub tag: Option<String>,
}

/// An update: decided, not begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Its id: in the label of every container it makes.
    pub id: String,
    /// The version it leads to.
    pub version: Version,
    /// What changes, in order.
    pub changes: Vec<Change>,
    /// Roles of the release that do not run here, or are as they should be already.
    pub untouched: Vec<Role>,
    /// The archive with the images.
    pub archive: Option<String>,
    /// How long things may take.
    pub limits: Limits,
}

/// Why there is nothing to update, or it must not be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Everything is as the release wants it.
    #[error("version {0} runs already")]
    UpToDate(Version),
    /// No container of the roles runs here.
    #[error(
        "no container of Ringdown's is here: is the updater in the same compose project, and was it started?"
    )]
    NothingHere,
    /// Two containers of one role.
    #[error("there are two containers of the role {0}: remove the one that should not be there")]
    Twice(Role),
    /// A container that does not run.
    #[error("{0} does not run: an update starts from what works. Start it, or remove it, and try again")]
    NotRunning(String),
    /// The running version is newer.
    #[error("{running} runs, which is newer than {wanted}: a rollback is asked for as one")]
    Downgrade {
        /// What runs.
        running: Version,
        /// What was asked for.
        wanted: Version,
    },
    /// The running version is too old to go there at once.
    #[error("{running} runs: update to {needed} first")]
    TooOld {
        /// What runs.
        running: Version,
        /// The oldest that may be updated to the release.
        needed: Version,
    },
    /// Nothing of the update that was to be undone runs.
    #[error("nothing of the last update runs here any more: there is nothing to undo")]
    NothingToUndo,
    /// The images from before tell no version.
    #[error("the images from before the update do not tell their version: update to a release instead")]
    VersionUnknown,
    /// An image from before was removed.
    #[error("the {0} image from before the update was removed: update to its release instead")]
    ImageGone(Role),
    /// The images do not fit.
    #[error(
        "the images need {needed} bytes, {free} are free where the engine keeps them: `docker image prune` may help"
    )]
    NoRoom {
        /// What they take at most.
        needed: u64,
        /// What is free.
        free: u64,
    },
}

impl Plan {
    /// Decides. `tag` tells the local name of a role's image, `swap` how a role is replaced.
    ///
    /// # Errors
    /// When there is nothing to do or it must not be done; says why, and what helps.
    pub fn make(
        id: String,
        request: &Request,
        observed: &Observed,
        limits: Limits,
        describe: impl Fn(Role) -> (Swap, Option<String>),
    ) -> Result<Self, Refusal> {
        let release = &request.release;
        let (mut changes, mut untouched) = (Vec::new(), Vec::new());
        for role in Role::ALL {
            let Some(to) = release.images.get(&role) else { continue };
            let mut here = observed.of(role);
            let Some(container) = here.next() else {
                untouched.push(role);
                continue;
            };
            if here.next().is_some() {
                return Err(Refusal::Twice(role));
            }
            let is_there = observed.has(to).is_some_and(|image| image.id == container.image);
            if is_there || !(request.roles.is_empty() || request.roles.contains(&role)) {
                untouched.push(role);
                continue;
            }
            if !matches!(container.state, crate::ContainerState::Running(_)) {
                return Err(Refusal::NotRunning(container.name.clone()));
            }
            let from_version = observed.image(&container.image).and_then(|image| image.version.clone());
            if let Some(running) = &from_version {
                may_go(running, request)?;
            }
            let (swap, tag) = describe(role);
            let (name, from) = (container.name.clone(), container.image.clone());
            let (to, to_version) = (to.clone(), Some(release.version.clone()));
            changes.push(Change { role, name, from, from_version, to, to_version, swap, tag });
        }
        if changes.is_empty() {
            let any =
                observed.containers.iter().any(|container| release.images.contains_key(&container.role));
            return Err(if any { Refusal::UpToDate(release.version.clone()) } else { Refusal::NothingHere });
        }
        fits(&changes, observed)?;
        let (version, archive) = (release.version.clone(), request.archive.clone());
        Ok(Self { id, version, changes, untouched, archive, limits })
    }

    /// The way back from an update that is over: to the images from before it, which are still here. The database is not
    /// set back: what a version stores, the version before it understands.
    ///
    /// # Errors
    /// When nothing of the update runs, or what it replaced is gone.
    pub fn rollback(id: String, done: &Self, observed: &Observed, limits: Limits) -> Result<Self, Refusal> {
        let mut changes = Vec::new();
        for change in &done.changes {
            let Some(container) =
                observed.of(change.role).find(|container| container.made_by.as_deref() == Some(&done.id))
            else {
                continue;
            };
            let Ok(from) = change.from.parse::<Digest>() else { return Err(Refusal::ImageGone(change.role)) };
            if observed.image(&change.from).is_none() {
                return Err(Refusal::ImageGone(change.role));
            }
            let to = ReleaseImage {
                reference: change.to.reference.clone(),
                digest: None,
                ids: BTreeMap::from([("this".to_owned(), from)]),
                bytes: 0,
            };
            changes.push(Change {
                name: container.name.clone(),
                from: container.image.clone(),
                from_version: change.to_version.clone(),
                to,
                to_version: change.from_version.clone(),
                ..change.clone()
            });
        }
        let Some(version) = changes.iter().filter_map(|change| change.to_version.clone()).max() else {
            return Err(if changes.is_empty() { Refusal::NothingToUndo } else { Refusal::VersionUnknown });
        };
        Ok(Self { id, version, changes, untouched: Vec::new(), archive: None, limits })
    }

    /// The change of a role.
    #[must_use]
    pub fn change(&self, role: Role) -> Option<&Change> {
        self.changes.iter().find(|change| change.role == role)
    }
}

fn may_go(running: &Version, request: &Request) -> Result<(), Refusal> {
    let wanted = &request.release.version;
    if running > wanted && !request.downgrade {
        return Err(Refusal::Downgrade { running: running.clone(), wanted: wanted.clone() });
    }
    match &request.release.updates_from {
        Some(needed) if running < needed => {
            Err(Refusal::TooOld { running: running.clone(), needed: needed.clone() })
        }
        _ => Ok(()),
    }
}

/// What is not here yet must fit, with a tenth to spare.
fn fits(changes: &[Change], observed: &Observed) -> Result<(), Refusal> {
    let missing = changes.iter().filter(|change| observed.has(&change.to).is_none());
    let needed = missing.fold(0u64, |sum, change| sum.saturating_add(change.to.bytes));
    match observed.free_bytes {
        Some(free) if needed > free - free / 10 => Err(Refusal::NoRoom { needed, free }),
        _ => Ok(()),
    }
}

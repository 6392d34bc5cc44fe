//! The single things an updater does to a container engine.

use crate::{ReleaseImage, Role};

/// One thing to do. Each may be done a second time without harm, except that [`Operation::Create`] makes another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Pull an image by its digest.
    Pull {
        /// What for.
        role: Role,
        /// Which.
        image: ReleaseImage,
    },
    /// Load all images of an archive (`docker save`).
    Load {
        /// The archive's path.
        archive: String,
    },
    /// Save the app server's state and database, by its own command in its container.
    BackUp {
        /// The container.
        container: String,
        /// The name of the backup.
        name: String,
    },
    /// Make a container like another, on another image, with the update's label and a name of its own; do not start it.
    Create {
        /// The container it is made like.
        like: String,
        /// The image, by its id.
        image: String,
        /// Its name.
        name: String,
        /// The label that says which update made it.
        update: String,
    },
    /// Start a container.
    Start {
        /// Which.
        container: String,
    },
    /// Ask a container to end, and end it after its grace.
    Stop {
        /// Which.
        container: String,
        /// Milliseconds it may take.
        grace: u64,
    },
    /// Remove a container that has ended, never its volumes.
    Remove {
        /// Which.
        container: String,
    },
    /// Give a container another name.
    Rename {
        /// Which.
        container: String,
        /// Its new name.
        name: String,
    },
    /// Name an image.
    Tag {
        /// The image, by its id.
        image: String,
        /// `repository:tag`.
        tag: String,
    },
    /// Find out whether a container does what it is for: for a softswitch that is a call.
    Probe {
        /// What it is for.
        role: Role,
        /// Which.
        container: String,
    },
}

impl Operation {
    /// What it does, for a log and for the admin.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Pull { image, .. } => format!("pull {}", image.describe()),
            Self::Load { archive } => format!("load {archive}"),
            Self::BackUp { name, .. } => format!("save the database as {name}"),
            Self::Create { name, image, .. } => format!("create {name} on {image}"),
            Self::Start { container } => format!("start {container}"),
            Self::Stop { container, grace } => format!("stop {container} within {} s", grace / 1000),
            Self::Remove { container } => format!("remove {container}"),
            Self::Rename { container, name } => format!("rename {container} to {name}"),
            Self::Tag { image, tag } => format!("name {image} {tag}"),
            Self::Probe { role, container } => format!("probe the {role} {container}"),
        }
    }
}

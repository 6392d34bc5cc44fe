//! The steps of an update. Each is decided by what is there, forward and back.

use serde::{Deserialize, Serialize};

use crate::{Change, Container, ContainerState, Health, Observed, Operation, Plan, Role, Swap};

/// One step. It is done when what it wants is so, whoever brought it about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", content = "role", rename_all = "kebab-case")]
pub enum Step {
    /// The image is here.
    Fetch(Role),
    /// The image is what the release says it is.
    Inspect(Role),
    /// The database is saved.
    BackUp,
    /// The new container is made.
    Create(Role),
    /// The old container has ended.
    Stop(Role),
    /// The new container runs.
    Start(Role),
    /// The new container is well, and does what it is for.
    Ready(Role),
    /// The old container is gone, the new one has its name. From the first of these on there is no way back.
    Keep(Role),
}

/// What a step wants next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Want {
    /// This is to be done.
    Do(Operation),
    /// Nothing now: something is under way.
    Wait,
    /// It is as it should be.
    Met,
    /// It cannot be.
    Fail(String),
    /// Another updater has to go on: the one in this container.
    HandOver(String),
}

impl Step {
    /// The steps of a plan, in order.
    pub(crate) fn of(plan: &Plan) -> Vec<Self> {
        let roles = || plan.changes.iter().map(|change| change.role);
        let mut steps: Vec<Self> = roles().map(Self::Fetch).chain(roles().map(Self::Inspect)).collect();
        if plan.change(Role::Appserver).is_some() {
            steps.push(Self::BackUp);
        }
        for change in &plan.changes {
            steps.push(Self::Create(change.role));
            if change.swap == Swap::StopFirst {
                steps.push(Self::Stop(change.role));
            }
            steps.extend([Self::Start(change.role), Self::Ready(change.role)]);
        }
        // What ends by itself may take hours: it is kept last, by the new updater.
        let ends_by_itself =
            |role: &Role| plan.change(*role).is_some_and(|change| change.swap == Swap::Beside);
        let mut kept: Vec<Role> = roles().collect();
        kept.sort_by_key(|role| (*role != Role::Updater && ends_by_itself(role), *role));
        steps.extend(kept.into_iter().map(Self::Keep));
        steps
    }

    /// Whether nothing can be undone any more once this has begun.
    pub(crate) const fn is_final(self) -> bool {
        matches!(self, Self::Keep(_))
    }

    /// How long it may take, in milliseconds.
    pub(crate) fn limit(self, plan: &Plan) -> u64 {
        let limits = &plan.limits;
        match self {
            Self::Fetch(_) => limits.fetch,
            Self::BackUp => limits.backup,
            Self::Ready(_) => limits.ready,
            Self::Stop(_) | Self::Inspect(_) | Self::Create(_) | Self::Start(_) => {
                limits.grace + limits.ready
            }
            Self::Keep(role) if plan.change(role).is_some_and(|change| change.swap == Swap::Beside) => {
                limits.drain + limits.grace + limits.undo
            }
            Self::Keep(_) => limits.undo,
        }
    }

    /// What it does, for the admin.
    #[must_use]
    pub fn describe(self) -> String {
        match self {
            Self::Fetch(role) => format!("fetch the image of {role}"),
            Self::Inspect(role) => format!("look into the image of {role}"),
            Self::BackUp => "save the database".to_owned(),
            Self::Create(role) => format!("create the new {role}"),
            Self::Stop(role) => format!("stop the old {role}"),
            Self::Start(role) => format!("start the new {role}"),
            Self::Ready(role) => format!("wait until the new {role} is ready"),
            Self::Keep(role) => format!("remove the old {role}"),
        }
    }

    /// Forward. `is_done` when the step's own operation succeeded in this run, for what cannot be seen;
    /// `waited` is how long the step has been under way, in milliseconds.
    pub(crate) fn forward(self, plan: &Plan, observed: &Observed, is_done: bool, waited: u64) -> Want {
        match self {
            Self::Fetch(role) => with(plan, role, |change| fetch(plan, change, observed, is_done)),
            Self::Inspect(role) => with(plan, role, |change| inspect(plan, change, observed)),
            Self::BackUp => back_up(plan, observed, is_done),
            Self::Create(role) => with(plan, role, |change| create(plan, change, observed)),
            Self::Stop(role) => {
                observed.before(role, &plan.id).map_or(Want::Met, |old| stop(old, plan.limits.grace))
            }
            Self::Start(role) => match observed.made(role, &plan.id) {
                Some(new) => start(new),
                None => Want::Fail(format!("the new {role} was removed")),
            },
            Self::Ready(role) => match observed.made(role, &plan.id) {
                Some(new) => ready(new, is_done),
                None => Want::Fail(format!("the new {role} was removed")),
            },
            Self::Keep(role) => with(plan, role, |change| keep(plan, change, observed, waited)),
        }
    }

    /// Backward: undoes it.
    pub(crate) fn backward(self, plan: &Plan, observed: &Observed) -> Want {
        match self {
            Self::Start(role) => match observed.made(role, &plan.id) {
                Some(new) if observed.me.as_deref() == Some(&new.id) => leave(role, plan, observed),
                Some(new) => stop(new, plan.limits.grace / 2),
                None => Want::Met,
            },
            Self::Stop(role) => match observed.before(role, &plan.id) {
                Some(old) => again(old),
                None => Want::Fail(format!(
                    "the old {role} was removed: `docker compose up -d` makes it anew on the image it had"
                )),
            },
            Self::Create(role) => match observed.made(role, &plan.id) {
                Some(new) if runs(new) => stop(new, plan.limits.grace / 2),
                Some(new) => Want::Do(Operation::Remove { container: new.id.clone() }),
                None => Want::Met,
            },
            Self::Fetch(_) | Self::Inspect(_) | Self::BackUp | Self::Ready(_) | Self::Keep(_) => Want::Met,
        }
    }
}

fn with(plan: &Plan, role: Role, then: impl FnOnce(&Change) -> Want) -> Want {
    plan.change(role).map_or(Want::Met, then)
}

fn fetch(plan: &Plan, change: &Change, observed: &Observed, is_done: bool) -> Want {
    if observed.has(&change.to).is_some() {
        return Want::Met;
    }
    match &plan.archive {
        _ if is_done => Want::Fail(format!(
            "what was fetched is not the image the release names for {}: {}",
            change.role,
            change.to.describe()
        )),
        Some(archive) => Want::Do(Operation::Load { archive: archive.clone() }),
        None if change.to.digest.is_none() => Want::Fail(format!(
            "the image of {}, {}, is not here and in no registry: import the archive of the release",
            change.role, change.to.reference
        )),
        None => Want::Do(Operation::Pull { role: change.role, image: change.to.clone() }),
    }
}

fn inspect(plan: &Plan, change: &Change, observed: &Observed) -> Want {
    let role = change.role;
    let Some(image) = observed.has(&change.to) else {
        return Want::Fail(format!("the image of {role} was removed"));
    };
    match (image.role, &image.version) {
        (Some(labelled), _) if labelled != role => {
            Want::Fail(format!("the image the release names for {role} is one of {labelled}"))
        }
        (Some(_), Some(version)) if *version == plan.version => Want::Met,
        (Some(_), Some(version)) => Want::Fail(format!(
            "the image of {role} is of version {version}, the release of {}",
            plan.version
        )),
        _ => Want::Fail(format!("the image of {role} does not tell its role and version in labels")),
    }
}

fn back_up(plan: &Plan, observed: &Observed, is_done: bool) -> Want {
    match observed.before(Role::Appserver, &plan.id) {
        _ if is_done => Want::Met,
        Some(old) if runs(old) => {
            Want::Do(Operation::BackUp { container: old.id.clone(), name: format!("before-{}", plan.id) })
        }
        _ => Want::Fail("the app server ended before its database could be saved".to_owned()),
    }
}

fn create(plan: &Plan, change: &Change, observed: &Observed) -> Want {
    if observed.made(change.role, &plan.id).is_some() {
        return Want::Met;
    }
    match (observed.before(change.role, &plan.id), observed.has(&change.to)) {
        (Some(old), Some(image)) => Want::Do(Operation::Create {
            like: old.id.clone(),
            image: image.id.clone(),
            name: format!("{}-{}", change.name, plan.id),
            update: plan.id.clone(),
        }),
        (None, _) => Want::Fail(format!("{} was removed meanwhile", change.name)),
        (_, None) => Want::Fail(format!("the image of {} was removed meanwhile", change.role)),
    }
}

const fn runs(container: &Container) -> bool {
    matches!(container.state, ContainerState::Running(_))
}

fn stop(container: &Container, grace: u64) -> Want {
    if runs(container) {
        Want::Do(Operation::Stop { container: container.id.clone(), grace })
    } else {
        Want::Met
    }
}

fn start(new: &Container) -> Want {
    match new.state {
        ContainerState::Created => Want::Do(Operation::Start { container: new.id.clone() }),
        ContainerState::Running(_) => Want::Met,
        ContainerState::Exited(code) => Want::Fail(format!("the new {} ended with {code}", new.role)),
    }
}

fn ready(new: &Container, is_probed: bool) -> Want {
    let role = new.role;
    match new.state {
        ContainerState::Running(Health::Healthy | Health::Unchecked) if is_probed => Want::Met,
        ContainerState::Running(Health::Healthy | Health::Unchecked) => {
            Want::Do(Operation::Probe { role, container: new.id.clone() })
        }
        ContainerState::Running(Health::Starting) => Want::Wait,
        ContainerState::Running(Health::Unhealthy) => Want::Fail(format!("the new {role} is not well")),
        ContainerState::Exited(code) => Want::Fail(format!("the new {role} ended with {code}")),
        ContainerState::Created => Want::Fail(format!("the new {role} did not start")),
    }
}

/// The old one, as it was.
fn again(old: &Container) -> Want {
    match old.state {
        ContainerState::Running(Health::Healthy | Health::Unchecked) => Want::Met,
        ContainerState::Running(_) => Want::Wait,
        _ => Want::Do(Operation::Start { container: old.id.clone() }),
    }
}

/// An updater that undoes its own start leaves that to the old one.
fn leave(role: Role, plan: &Plan, observed: &Observed) -> Want {
    match observed.before(role, &plan.id) {
        Some(old) if runs(old) => Want::HandOver(old.id.clone()),
        Some(old) => Want::Do(Operation::Start { container: old.id.clone() }),
        None => Want::Fail("the old updater was removed: this one stays".to_owned()),
    }
}

fn keep(plan: &Plan, change: &Change, observed: &Observed, waited: u64) -> Want {
    let Some(new) = observed.made(change.role, &plan.id) else {
        return Want::Fail(format!(
            "the new {} was removed: `docker compose up -d` makes it anew",
            change.role
        ));
    };
    if let Some(want) = tag(change, new, observed) {
        return want;
    }
    let Some(old) = observed.before(change.role, &plan.id) else {
        return if new.name == change.name {
            Want::Met
        } else {
            Want::Do(Operation::Rename { container: new.id.clone(), name: change.name.clone() })
        };
    };
    // Nobody can stop himself and go on.
    if observed.me.as_deref() == Some(&old.id) {
        return if runs(new) {
            Want::HandOver(new.id.clone())
        } else {
            Want::Do(Operation::Start { container: new.id.clone() })
        };
    }
    if !runs(old) {
        return Want::Do(Operation::Remove { container: old.id.clone() });
    }
    // An updater has nothing to finish.
    if change.swap == Swap::Beside && change.role != Role::Updater && waited < plan.limits.drain {
        return Want::Wait;
    }
    Want::Do(Operation::Stop { container: old.id.clone(), grace: plan.limits.grace })
}

/// Names first, containers afterwards: whoever runs `docker compose up` in between gets the new image.
fn tag(change: &Change, new: &Container, observed: &Observed) -> Option<Want> {
    let current = change.tag.as_ref()?;
    let previous =
        format!("{}:previous", current.rsplit_once(':').map_or(current.as_str(), |(name, _)| name));
    let is_named = |id: &str, tag: &String| observed.image(id).is_none_or(|image| image.tags.contains(tag));
    let wanted = [(&change.from, previous), (&new.image, current.clone())];
    let (image, tag) = wanted.into_iter().find(|(image, tag)| !is_named(image, tag))?;
    Some(Want::Do(Operation::Tag { image: image.clone(), tag }))
}

//! A container engine that exists in memory, and an updater's shell that can be killed anywhere.

use std::collections::BTreeMap;

use ringdown_update::{
    Container, ContainerState, Entry, Health, Image, Limits, Next, Observed, Operation, Outcome, Plan,
    Record, Release, ReleaseImage, Request, Role, Swap, Update, read_journal, write_record,
};
use semver::Version;

/// How containers of the new release behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behaviour {
    Works,
    EndsAtOnce,
    NeverReady,
    GetsUnwell,
    FailsItsProbe,
}

pub(crate) struct Engine {
    pub(crate) containers: Vec<Container>,
    pub(crate) images: Vec<Image>,
    pub(crate) registry: Vec<Image>,
    pub(crate) me: Option<String>,
    pub(crate) behaviour: BTreeMap<Role, Behaviour>,
    pub(crate) backups: Vec<String>,
    pub(crate) now: u64,
    /// Roles of which none ran at some moment: they were out of service.
    pub(crate) down: Vec<Role>,
    pub(crate) made: u32,
}

pub(crate) const fn digest(role: Role, version: u64, kind: char) -> DigestText {
    DigestText(role, version, kind)
}

/// A digest that shows what it is of.
pub(crate) struct DigestText(Role, u64, char);

impl std::fmt::Display for DigestText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = if self.2 == 'm' { 1 } else { 2 };
        write!(f, "sha256:{kind:02x}{:02x}{:060x}", self.0 as u8, self.1)
    }
}

fn image(role: Role, minor: u64) -> Image {
    Image {
        id: digest(role, minor, 'i').to_string(),
        tags: Vec::new(),
        digests: vec![format!("registry.example/ringdown-{role}@{}", digest(role, minor, 'm'))],
        role: Some(role),
        version: Some(Version::new(0, minor, 0)),
    }
}

pub(crate) fn release(minor: u64) -> Release {
    let images = Role::ALL.map(|role| {
        let image = ReleaseImage {
            reference: format!("registry.example/ringdown-{role}"),
            digest: Some(digest(role, minor, 'm').to_string().parse().expect("a digest")),
            ids: BTreeMap::from([(
                "linux/amd64".to_owned(),
                digest(role, minor, 'i').to_string().parse().expect("a digest"),
            )]),
            bytes: 100,
        };
        (role, image)
    });
    Release::new(Version::new(0, minor, 0), BTreeMap::from(images))
}

impl Engine {
    /// Version 0.1.0 runs, 0.2.0 is in the registry.
    pub(crate) fn new() -> Self {
        let mut engine = Self {
            containers: Vec::new(),
            images: Vec::new(),
            registry: Role::ALL.map(|role| image(role, 2)).to_vec(),
            me: None,
            behaviour: BTreeMap::new(),
            backups: Vec::new(),
            now: 1_000_000,
            down: Vec::new(),
            made: 0,
        };
        for role in Role::ALL {
            let mut image = image(role, 1);
            image.tags.push(format!("ringdown-{role}:current"));
            engine.containers.push(Container {
                id: format!("old-{role}"),
                name: format!("ringdown_{role}_1"),
                role,
                image: image.id.clone(),
                made_by: None,
                state: ContainerState::Running(Health::Healthy),
            });
            engine.images.push(image);
        }
        engine.me = Some("old-updater".to_owned());
        engine
    }

    pub(crate) fn observed(&self) -> Observed {
        Observed {
            containers: self.containers.clone(),
            images: self.images.clone(),
            free_bytes: Some(1_000_000),
            me: self.me.clone(),
        }
    }

    pub(crate) fn plan(&self) -> Plan {
        self.plan_for(&Request { release: release(2), roles: [].into(), archive: None, downgrade: false })
            .expect("there is something to update")
    }

    pub(crate) fn plan_for(&self, request: &Request) -> Result<Plan, ringdown_update::Refusal> {
        let swap = |role| match role {
            Role::Softswitch | Role::Updater => (Swap::Beside, Some(format!("ringdown-{role}:current"))),
            _ => (Swap::StopFirst, Some(format!("ringdown-{role}:current"))),
        };
        Plan::make("u1".to_owned(), request, &self.observed(), Limits::default(), swap)
    }

    fn find(&mut self, id: &str) -> Result<&mut Container, String> {
        self.containers
            .iter_mut()
            .find(|container| container.id == id)
            .ok_or_else(|| format!("no container {id}"))
    }

    fn behaviour_of(&self, container: &Container) -> Behaviour {
        if container.made_by.is_some() {
            self.behaviour.get(&container.role).copied().unwrap_or(Behaviour::Works)
        } else {
            Behaviour::Works
        }
    }

    pub(crate) fn perform(&mut self, operation: &Operation) -> Result<(), String> {
        match operation {
            Operation::Pull { image, .. } => {
                let pinned = image.pinned().ok_or("no digest")?;
                let found = self.registry.iter().find(|known| known.digests.contains(&pinned));
                let found = found.cloned().ok_or("manifest unknown")?;
                if self.images.iter().all(|known| known.id != found.id) {
                    self.images.push(found);
                }
            }
            Operation::Load { .. } => {
                for image in self.registry.clone() {
                    if self.images.iter().all(|known| known.id != image.id) {
                        // An archive tells no digests of a registry's.
                        self.images.push(Image { digests: Vec::new(), ..image });
                    }
                }
            }
            Operation::BackUp { name, .. } => self.backups.push(name.clone()),
            Operation::Create { like, image, name, update } => {
                if self.containers.iter().any(|container| container.name == *name) {
                    return Err(format!("the name {name} is taken"));
                }
                self.made += 1;
                let role = self.find(like)?.role;
                self.containers.push(Container {
                    id: format!("new-{}-{}", role, self.made),
                    name: name.clone(),
                    role,
                    image: image.clone(),
                    made_by: Some(update.clone()),
                    state: ContainerState::Created,
                });
            }
            Operation::Start { container } => {
                let found = self.find(container)?.clone();
                let state = match self.behaviour_of(&found) {
                    Behaviour::EndsAtOnce => ContainerState::Exited(1),
                    _ => ContainerState::Running(Health::Starting),
                };
                self.find(container)?.state = state;
            }
            Operation::Stop { container, .. } => {
                let container = self.find(container)?;
                if let ContainerState::Running(_) = container.state {
                    container.state = ContainerState::Exited(0);
                }
            }
            Operation::Remove { container } => {
                if let ContainerState::Running(_) = self.find(container)?.state {
                    return Err("it runs".to_owned());
                }
                self.containers.retain(|known| known.id != *container);
            }
            Operation::Rename { container, name } => {
                if self.containers.iter().any(|known| known.name == *name) {
                    return Err(format!("the name {name} is taken"));
                }
                self.find(container)?.name.clone_from(name);
            }
            Operation::Tag { image, tag } => {
                for known in &mut self.images {
                    known.tags.retain(|name| name != tag);
                    if known.id == *image {
                        known.tags.push(tag.clone());
                    }
                }
            }
            Operation::Probe { container, .. } => {
                let container = self.find(container)?.clone();
                if self.behaviour_of(&container) == Behaviour::FailsItsProbe {
                    return Err("no audio in the test call".to_owned());
                }
            }
        }
        Ok(())
    }

    /// Time passes: what starts gets well or not, and an old switch has nothing left to do after a while.
    pub(crate) fn pass(&mut self, milliseconds: u64) {
        self.now += milliseconds;
        let newest_switch = self.containers.iter().rposition(|container| {
            container.role == Role::Softswitch && container.state == ContainerState::Running(Health::Healthy)
        });
        for index in 0..self.containers.len() {
            let behaviour = self.behaviour_of(&self.containers[index]);
            let container = &mut self.containers[index];
            if container.state == ContainerState::Running(Health::Starting) {
                container.state = ContainerState::Running(match behaviour {
                    Behaviour::NeverReady => Health::Starting,
                    Behaviour::GetsUnwell => Health::Unhealthy,
                    _ => Health::Healthy,
                });
            }
            let drains =
                container.role == Role::Softswitch && newest_switch.is_some_and(|newest| index < newest);
            if drains && self.now > 1_100_000 && container.state == ContainerState::Running(Health::Healthy) {
                container.state = ContainerState::Exited(0);
            }
        }
        for role in Role::ALL {
            let serves = |container: &Container| {
                container.role == role && matches!(container.state, ContainerState::Running(_))
            };
            if !self.containers.iter().any(serves) && !self.down.contains(&role) {
                self.down.push(role);
            }
        }
    }
}

/// Where an updater is killed: counted in effects (lines written, operations done).
#[derive(Clone, Copy, Debug)]
pub(crate) enum Death {
    Before(usize),
    After(usize),
    /// While the line is written.
    Within(usize),
}

/// An updater's shell: runs until the update is over, however often it is killed.
pub(crate) fn run(engine: &mut Engine, journal: &mut Vec<u8>, mut deaths: Vec<Death>) -> Outcome {
    let mut effects = 0;
    deaths.reverse();
    let mut lives = 0;
    'life: loop {
        lives += 1;
        assert!(lives < 200, "it converges");
        let (records, length) = read_journal(journal).expect("the journal can be read");
        journal.truncate(length);
        if let Some(Entry::Ended { outcome }) = records.last().map(|record| &record.entry) {
            return outcome.clone();
        }
        let mut first = None;
        let mut update = Update::resume(&records).unwrap_or_else(|| {
            let (update, entry) = Update::begin(engine.plan());
            first = Some(entry);
            update
        });
        for _ in 0..20_000 {
            let next = first.take().map_or_else(|| update.next(engine.now, &engine.observed()), Next::Record);
            engine.pass(500);
            if matches!(next, Next::Record(_) | Next::Do(_)) {
                effects += 1;
            }
            let death = match deaths.last() {
                Some(Death::Before(at) | Death::After(at) | Death::Within(at)) if *at == effects => {
                    deaths.pop()
                }
                _ => None,
            };
            if matches!(death, Some(Death::Before(_))) {
                continue 'life;
            }
            match next {
                Next::Record(entry) => {
                    let record = Record { at: engine.now, update: "u1".to_owned(), entry };
                    let line = write_record(&record).expect("it is text");
                    let cut =
                        if matches!(death, Some(Death::Within(_))) { line.len() / 2 } else { line.len() };
                    journal.extend(&line.as_bytes()[..cut]);
                }
                Next::Do(operation) => match engine.perform(&operation) {
                    Ok(()) => update.succeeded(),
                    Err(why) => update.failed(why),
                },
                Next::Wait => {}
                Next::HandOver(to) => {
                    engine.me = Some(to);
                    continue 'life;
                }
                Next::Ended(outcome) => return outcome,
            }
            if death.is_some() {
                continue 'life;
            }
            // A container that ended is nobody's to go on in.
            let me_runs = engine.me.as_ref().is_none_or(|me| {
                engine
                    .containers
                    .iter()
                    .any(|known| known.id == *me && matches!(known.state, ContainerState::Running(_)))
            });
            assert!(me_runs, "an updater never stops itself");
        }
        panic!("it comes to an end");
    }
}

/// How many effects an update has when nobody is killed.
pub(crate) fn effects(behaviour: BTreeMap<Role, Behaviour>) -> usize {
    let mut engine = Engine { behaviour, ..Engine::new() };
    let mut journal = Vec::new();
    run(&mut engine, &mut journal, Vec::new());
    // Lines and operations: twice the lines is more than enough.
    3 * read_journal(&journal).expect("it can be read").0.len()
}

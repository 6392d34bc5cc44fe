//! The container engine: one look at it, and the single things done to it.

use std::{collections::HashMap, path::PathBuf, time::Duration};

use bollard::{
    Docker, body_try_stream,
    container::LogOutput,
    errors::Error,
    exec::{StartExecOptions, StartExecResults},
    models::{
        ContainerInspectResponse, ContainerStateStatusEnum, ExecConfig, HealthStatusEnum, ImageInspect,
    },
    query_parameters::{
        CreateContainerOptionsBuilder, CreateImageOptionsBuilder, ImportImageOptionsBuilder,
        ListContainersOptionsBuilder, ListImagesOptionsBuilder, RemoveContainerOptionsBuilder,
        RenameContainerOptionsBuilder, StartContainerOptions, StopContainerOptionsBuilder,
        TagImageOptionsBuilder,
    },
};
use futures_util::StreamExt as _;
use ringdown_update::{
    Container, ContainerState, Health, Image, Observed, Operation, ReleaseImage, Role, Swap,
};
use semver::Version;
use tokio::time::timeout;
use tokio_util::io::ReaderStream;

use crate::spec::{self, UPDATE_LABEL};

/// The label of an image with its version.
const VERSION_LABEL: &str = "org.opencontainers.image.version";
/// The label of an image whose container may start beside the old one and take over from it.
const SWAP_LABEL: &str = "org.ringdown.swap";
const PROJECT_LABEL: &str = "com.docker.compose.project";
const ONE_OFF_LABEL: &str = "com.docker.compose.oneoff";
const COMPOSE_VERSION_LABEL: &str = "com.docker.compose.version";
/// How long an ordinary operation may take.
const WITHIN: Duration = Duration::from_secs(60);
/// How long a container may take to say whether it does what it is for.
const PROBE_WITHIN: Duration = Duration::from_secs(20);
/// How much of what a command says is told.
const MAX_SAID: usize = 2000;

/// The engine, and which of its containers are ours.
#[derive(Clone, Debug)]
pub struct Engine {
    docker: Docker,
    /// The compose project; `None`: every container with a role.
    project: Option<String>,
    me: Option<String>,
    state: PathBuf,
    fetch: Duration,
    backup: Duration,
}

/// Something the engine could not do, for the admin.
pub type Failure = String;

impl Engine {
    /// Connects, in the version of its API that the engine speaks, and finds out whose container this is.
    ///
    /// # Errors
    /// When no engine answers, or it is older than what is needed.
    pub async fn connect(config: &crate::config::Config, project: Option<String>) -> Result<Self, Failure> {
        let said = |error: Error| format!("no container engine answers at its socket: {error}");
        let docker = Docker::connect_with_local_defaults().map_err(said)?;
        let docker = docker.negotiate_version().await.map_err(said)?;
        let mut engine = Self {
            docker,
            project,
            me: None,
            state: config.state.clone(),
            fetch: Duration::from_millis(config.limits.fetch),
            backup: Duration::from_millis(config.limits.backup),
        };
        if let Some(id) = own_id(&tokio::fs::read_to_string("/proc/self/mountinfo").await.unwrap_or_default())
            && let Ok(own) = engine.docker.inspect_container(&id, None).await
        {
            let labels = own.config.and_then(|config| config.labels).unwrap_or_default();
            engine.project = engine.project.or_else(|| labels.get(PROJECT_LABEL).cloned());
            engine.me = Some(id);
        }
        Ok(engine)
    }

    /// Looks at everything that is ours.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn observe(&self) -> Result<Observed, Failure> {
        let mut labels = vec![Role::LABEL.to_owned()];
        labels.extend(self.project.iter().map(|project| format!("{PROJECT_LABEL}={project}")));
        let filters = HashMap::from([("label", labels)]);
        let options = ListContainersOptionsBuilder::default().all(true).filters(&filters).build();
        let listed = self.docker.list_containers(Some(options)).await.map_err(told)?;
        let mut containers = Vec::new();
        for id in listed.into_iter().filter_map(|container| container.id) {
            match self.docker.inspect_container(&id, None).await {
                Ok(found) => containers.extend(container(found)),
                // Gone since it was listed.
                Err(Error::DockerResponseServerError { status_code: 404, .. }) => {}
                Err(error) => return Err(told(error)),
            }
        }
        let images = self.images().await?;
        let free_bytes =
            rustix::fs::statvfs(&self.state).ok().map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize));
        Ok(Observed { containers, images, free_bytes, me: self.me.clone() })
    }

    async fn images(&self) -> Result<Vec<Image>, Failure> {
        let filters = HashMap::from([("label", vec![Role::LABEL])]);
        let options = ListImagesOptionsBuilder::default().filters(&filters).build();
        let listed = self.docker.list_images(Some(options)).await.map_err(told)?;
        Ok(listed
            .into_iter()
            .map(|image| Image {
                role: image.labels.get(Role::LABEL).and_then(|name| Role::parse(name)),
                version: image.labels.get(VERSION_LABEL).and_then(|version| Version::parse(version).ok()),
                id: image.id,
                tags: image.repo_tags,
                digests: image.repo_digests,
            })
            .collect())
    }

    /// How a role is replaced, and the local name its image has, by what runs now.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn ways(&self, observed: &Observed) -> Result<HashMap<Role, (Swap, Option<String>)>, Failure> {
        let mut ways = HashMap::new();
        for container in &observed.containers {
            let found = self.docker.inspect_container(&container.id, None).await.map_err(told)?;
            let labels = found.config.as_ref().and_then(|config| config.labels.clone()).unwrap_or_default();
            let beside =
                labels.get(SWAP_LABEL).is_some_and(|how| how == "beside") || container.role == Role::Updater;
            // Compose 1 makes containers anew when the name of their image comes to mean another image, whatever their
            // labels say: there no name is moved.
            let is_compose_1 =
                labels.get(COMPOSE_VERSION_LABEL).is_some_and(|version| version.starts_with("1."));
            let named =
                found.config.and_then(|config| config.image).filter(|name| !name.starts_with("sha256:"));
            let tags = observed.image(&container.image).map(|image| image.tags.clone()).unwrap_or_default();
            let tag = named.or_else(|| tags.into_iter().find(|tag| tag.ends_with(":current")));
            let swap = if beside { Swap::Beside } else { Swap::StopFirst };
            ways.insert(container.role, (swap, tag.filter(|_| !is_compose_1)));
        }
        Ok(ways)
    }

    /// Does one thing.
    ///
    /// # Errors
    /// When it cannot be done; says why.
    pub async fn perform(&self, operation: &Operation) -> Result<(), Failure> {
        let within = match operation {
            Operation::Pull { .. } | Operation::Load { .. } => self.fetch,
            Operation::BackUp { .. } => self.backup,
            Operation::Probe { .. } => PROBE_WITHIN,
            Operation::Stop { grace, .. } => WITHIN + Duration::from_millis(*grace),
            _ => WITHIN,
        };
        let done = timeout(within, self.attempt(operation)).await;
        done.unwrap_or_else(|_| Err(format!("not done within {} s", within.as_secs())))
    }

    async fn attempt(&self, operation: &Operation) -> Result<(), Failure> {
        match operation {
            Operation::Pull { image, .. } => self.pull(image).await,
            Operation::Load { archive } => self.load(archive).await,
            Operation::BackUp { container, name } => {
                self.run(container, &["appserver", "backup", name]).await
            }
            Operation::Create { like, image, name, update } => self.create(like, image, name, update).await,
            Operation::Start { container } => {
                self.docker.start_container(container, None::<StartContainerOptions>).await.map_err(told)
            }
            Operation::Stop { container, grace } => {
                let seconds = i32::try_from(grace / 1000).unwrap_or(i32::MAX);
                let options = StopContainerOptionsBuilder::default().t(seconds).build();
                self.docker.stop_container(container, Some(options)).await.map_err(told)
            }
            Operation::Remove { container } => {
                let options = RemoveContainerOptionsBuilder::default().v(false).force(false).build();
                self.docker.remove_container(container, Some(options)).await.map_err(told)
            }
            Operation::Rename { container, name } => {
                let options = RenameContainerOptionsBuilder::default().name(name).build();
                self.docker.rename_container(container, options).await.map_err(told)
            }
            Operation::Tag { image, tag } => {
                let (repo, tag) = tag.rsplit_once(':').ok_or_else(|| format!("{tag} has no tag"))?;
                let options = TagImageOptionsBuilder::default().repo(repo).tag(tag).build();
                self.docker.tag_image(image, Some(options)).await.map_err(told)
            }
            Operation::Probe { role, container } => {
                let ask: &[&str] = match role {
                    Role::Sounds => &["sync-sounds", "check"],
                    Role::Appserver => &["appserver", "check"],
                    Role::Softswitch => &["softswitch", "check"],
                    Role::Updater => &["updater", "check"],
                };
                self.run(container, ask).await
            }
        }
    }

    async fn pull(&self, image: &ReleaseImage) -> Result<(), Failure> {
        let pinned = image.pinned().ok_or("the release names no digest to pull by")?;
        let options = CreateImageOptionsBuilder::default().from_image(&pinned).build();
        let mut lines = Box::pin(self.docker.create_image(Some(options), None, None));
        while let Some(line) = lines.next().await {
            if let Some(detail) = line.map_err(told)?.error_detail {
                return Err(detail.message.unwrap_or_else(|| "the registry refused".to_owned()));
            }
        }
        Ok(())
    }

    async fn load(&self, archive: &str) -> Result<(), Failure> {
        let file = tokio::fs::File::open(archive).await.map_err(|error| format!("{archive}: {error}"))?;
        let body = body_try_stream(ReaderStream::with_capacity(file, 256 * 1024));
        let options = ImportImageOptionsBuilder::default().quiet(true).build();
        let mut lines = Box::pin(self.docker.import_image(options, body, None));
        while let Some(line) = lines.next().await {
            if let Some(detail) = line.map_err(told)?.error_detail {
                return Err(detail.message.unwrap_or_else(|| "the archive cannot be loaded".to_owned()));
            }
        }
        Ok(())
    }

    async fn create(&self, like: &str, image: &str, name: &str, update: &str) -> Result<(), Failure> {
        let old = self.docker.inspect_container(like, None).await.map_err(told)?;
        let old_image: ImageInspect =
            self.docker.inspect_image(old.image.as_deref().unwrap_or_default()).await.map_err(told)?;
        let body = spec::like(old, &old_image, image, update);
        let options = CreateContainerOptionsBuilder::default().name(name).build();
        self.docker.create_container(Some(options), body).await.map_err(told).map(|_| ())
    }

    /// Runs a command in a container; an error is what it says when it fails.
    async fn run(&self, container: &str, command: &[&str]) -> Result<(), Failure> {
        let config = ExecConfig {
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            cmd: Some(command.iter().map(|&word| word.to_owned()).collect()),
            ..ExecConfig::default()
        };
        let exec = self.docker.create_exec(container, config).await.map_err(told)?.id;
        let started = self.docker.start_exec(&exec, None::<StartExecOptions>).await.map_err(told)?;
        let mut said = Vec::new();
        if let StartExecResults::Attached { mut output, .. } = started {
            while let Some(part) = output.next().await {
                let (LogOutput::StdOut { message } | LogOutput::StdErr { message }) = part.map_err(told)?
                else {
                    continue;
                };
                let room = MAX_SAID.saturating_sub(said.len());
                said.extend_from_slice(&message[..message.len().min(room)]);
            }
        }
        match self.docker.inspect_exec(&exec).await.map_err(told)?.exit_code {
            Some(0) => Ok(()),
            code => {
                let said = String::from_utf8_lossy(&said);
                Err(format!("{} ends with {}: {}", command.join(" "), code.unwrap_or(-1), said.trim()))
            }
        }
    }
}

fn told(error: Error) -> Failure {
    match error {
        Error::DockerResponseServerError { message, .. } => message,
        other => other.to_string(),
    }
}

/// A container of ours; `None` for one that `compose run` made for a single command.
fn container(found: ContainerInspectResponse) -> Option<Container> {
    let labels = found.config?.labels?;
    if labels.get(ONE_OFF_LABEL).is_some_and(|one_off| one_off.eq_ignore_ascii_case("true")) {
        return None;
    }
    let state = found.state.unwrap_or_default();
    let health = match state.health.and_then(|health| health.status) {
        None | Some(HealthStatusEnum::NONE | HealthStatusEnum::EMPTY) => Health::Unchecked,
        Some(HealthStatusEnum::STARTING) => Health::Starting,
        Some(HealthStatusEnum::HEALTHY) => Health::Healthy,
        Some(HealthStatusEnum::UNHEALTHY) => Health::Unhealthy,
    };
    let state = match state.status {
        Some(ContainerStateStatusEnum::CREATED) => ContainerState::Created,
        Some(ContainerStateStatusEnum::RUNNING | ContainerStateStatusEnum::STOPPING) => {
            ContainerState::Running(health)
        }
        // It ended and is started again by the engine; or it stands still.
        Some(ContainerStateStatusEnum::RESTARTING | ContainerStateStatusEnum::PAUSED) => {
            ContainerState::Running(Health::Unhealthy)
        }
        _ => ContainerState::Exited(state.exit_code.unwrap_or(-1)),
    };
    Some(Container {
        id: found.id?,
        name: found.name?.trim_start_matches('/').to_owned(),
        role: Role::parse(labels.get(Role::LABEL)?)?,
        image: found.image?,
        made_by: labels.get(UPDATE_LABEL).cloned(),
        state,
    })
}

/// The container a process runs in, by the files the engine mounts into it; `None` outside of any.
fn own_id(mountinfo: &str) -> Option<String> {
    let id_in = |line: &str| {
        let (_, rest) = line.split_once("/containers/")?;
        let id = rest.split('/').next()?;
        (id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| id.to_owned())
    };
    mountinfo.lines().find_map(id_in)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_knows_its_container_by_the_files_mounted_into_it() {
        let id = "ab".repeat(32);
        let line = format!(
            "512 498 254:1 /var/lib/docker/containers/{id}/hostname /etc/hostname rw - ext4 /dev/vda rw"
        );
        assert_eq!(own_id(&format!("1 2 3 / / rw\n{line}\n")), Some(id));
        assert_eq!(own_id("1 2 3 / / rw\n/var/lib/containers/storage/x"), None);
    }
}

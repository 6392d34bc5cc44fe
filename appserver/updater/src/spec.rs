//! A container made like another, on another image.

use std::collections::HashMap;

use bollard::models::{
    ContainerCreateBody, ContainerInspectResponse, EndpointSettings, HealthConfig, ImageInspect,
    NetworkingConfig,
};

/// The label that says which update made a container.
pub const UPDATE_LABEL: &str = "org.ringdown.update";
/// Compose 2 compares this with the image its file names, and makes a container anew where they differ.
const COMPOSE_IMAGE: &str = "com.docker.compose.image";

/// What to create so that the new container is to the new image what the old one was to the old image.
///
/// What the old container had from its own image is left out: the new image brings its own command, environment, labels
/// and health check. What an admin set stays: environment, volumes, networks, limits, compose's labels.
#[must_use]
pub fn like(
    old: ContainerInspectResponse,
    old_image: &ImageInspect,
    image: &str,
    update: &str,
) -> ContainerCreateBody {
    let ours = old_image.config.clone().unwrap_or_default();
    let id = old.id.clone().unwrap_or_default();
    let config = old.config.unwrap_or_default();
    // The engine names a host after its container where nobody gave it a name.
    let hostname = config.hostname.filter(|name| !id.starts_with(name.as_str()));
    let mut labels = beside(config.labels.unwrap_or_default(), &ours.labels.clone().unwrap_or_default());
    labels.insert(UPDATE_LABEL.to_owned(), update.to_owned());
    if let Some(of_compose) = labels.get_mut(COMPOSE_IMAGE) {
        image.clone_into(of_compose);
    }
    let networks = old.network_settings.and_then(|settings| settings.networks).unwrap_or_default();
    let is_own =
        old.host_config.as_ref().and_then(|host| host.network_mode.as_deref()).is_some_and(is_shared);
    ContainerCreateBody {
        hostname: if is_own { None } else { hostname },
        domainname: config.domainname.filter(|name| !name.is_empty()),
        user: unlike(config.user, ours.user.as_ref()).filter(|user| !user.is_empty()),
        attach_stdin: config.attach_stdin,
        attach_stdout: config.attach_stdout,
        attach_stderr: config.attach_stderr,
        exposed_ports: without(config.exposed_ports, ours.exposed_ports.as_deref()),
        tty: config.tty,
        open_stdin: config.open_stdin,
        stdin_once: config.stdin_once,
        env: without(config.env, ours.env.as_deref()),
        cmd: unlike(config.cmd, ours.cmd.as_ref()),
        healthcheck: unlike(config.healthcheck, ours.healthcheck.as_ref()).filter(says_something),
        args_escaped: config.args_escaped,
        image: Some(image.to_owned()),
        volumes: without(config.volumes, ours.volumes.as_deref()),
        working_dir: unlike(config.working_dir, ours.working_dir.as_ref())
            .filter(|folder| !folder.is_empty()),
        entrypoint: unlike(config.entrypoint, ours.entrypoint.as_ref()),
        network_disabled: config.network_disabled,
        on_build: None,
        labels: Some(labels),
        stop_signal: unlike(config.stop_signal, ours.stop_signal.as_ref()),
        stop_timeout: config.stop_timeout,
        shell: unlike(config.shell, ours.shell.as_ref()),
        host_config: old.host_config,
        networking_config: Some(NetworkingConfig { endpoints_config: Some(endpoints(networks, &id)) }),
    }
}

/// A container in another's or the host's network has no name and no endpoint of its own.
fn is_shared(mode: &str) -> bool {
    mode == "host" || mode == "none" || mode.starts_with("container:")
}

fn unlike<T: PartialEq>(set: Option<T>, image: Option<&T>) -> Option<T> {
    set.filter(|value| Some(value) != image)
}

fn without(set: Option<Vec<String>>, image: Option<&[String]>) -> Option<Vec<String>> {
    let image = image.unwrap_or_default();
    let rest: Vec<_> = set?.into_iter().filter(|value| !image.contains(value)).collect();
    (!rest.is_empty()).then_some(rest)
}

fn beside(set: HashMap<String, String>, image: &HashMap<String, String>) -> HashMap<String, String> {
    set.into_iter().filter(|(name, value)| image.get(name) != Some(value)).collect()
}

fn says_something(check: &HealthConfig) -> bool {
    check.test.as_ref().is_some_and(|test| !test.is_empty())
}

/// Networks with what was asked for: names and fixed addresses, not what the engine gave out.
fn endpoints(networks: HashMap<String, EndpointSettings>, id: &str) -> HashMap<String, EndpointSettings> {
    networks
        .into_iter()
        .map(|(name, found)| {
            let aliases = found
                .aliases
                .map(|aliases| aliases.into_iter().filter(|alias| !id.starts_with(alias)).collect());
            let asked = EndpointSettings {
                ipam_config: found.ipam_config,
                links: found.links,
                aliases,
                driver_opts: found.driver_opts,
                ..EndpointSettings::default()
            };
            (name, asked)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Option<Vec<String>> {
        Some(words.iter().map(|&word| word.to_owned()).collect())
    }

    fn labels(labels: &[(&str, &str)]) -> Option<HashMap<String, String>> {
        Some(labels.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    fn old() -> (ContainerInspectResponse, ImageInspect) {
        let inspected = serde_json::json!({
            "Id": "0123456789abcdef",
            "Config": {
                "Hostname": "0123456789ab",
                "User": "10001:10001",
                "Env": ["PATH=/usr/bin", "RINGDOWN_STATE=/state", "RINGDOWN_NODE_TOKEN=word"],
                "Entrypoint": ["appserver"],
                "Labels": {"org.ringdown.role": "appserver", "org.opencontainers.image.version": "0.1.0",
                    "com.docker.compose.project": "pbx", "com.docker.compose.image": "sha256:old",
                    "org.ringdown.update": "before"},
                "ExposedPorts": {"8080/tcp": {}},
            },
            "HostConfig": {"NetworkMode": "pbx_default", "Binds": ["pbx_state:/state:rw"], "ReadonlyRootfs": true,
                "CapDrop": ["ALL"], "RestartPolicy": {"Name": "unless-stopped"},
                "PortBindings": {"8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}]}},
            "NetworkSettings": {"Networks": {"pbx_default": {"Aliases": ["appserver", "0123456789ab"],
                "IPAddress": "172.18.0.3", "EndpointID": "e"}}},
        });
        let image = serde_json::json!({"Id": "sha256:old", "Config": {
            "User": "10001:10001", "Env": ["PATH=/usr/bin", "RINGDOWN_STATE=/state"], "Entrypoint": ["appserver"],
            "ExposedPorts": {"8080/tcp": {}},
            "Labels": {"org.ringdown.role": "appserver", "org.opencontainers.image.version": "0.1.0"}}});
        (
            serde_json::from_value(inspected).expect("an answer"),
            serde_json::from_value(image).expect("an answer"),
        )
    }

    #[test]
    fn what_the_old_image_brought_is_the_new_images_to_bring() {
        let (old, image) = old();
        let made = like(old, &image, "sha256:new", "u1");
        assert_eq!(
            (made.image.as_deref(), made.entrypoint, made.user, made.exposed_ports),
            (Some("sha256:new"), None, None, None)
        );
        assert_eq!(made.env, words(&["RINGDOWN_NODE_TOKEN=word"]));
        let wanted = labels(&[
            ("com.docker.compose.project", "pbx"),
            ("com.docker.compose.image", "sha256:new"),
            ("org.ringdown.update", "u1"),
        ]);
        assert_eq!(made.labels, wanted);
    }

    #[test]
    fn what_an_admin_set_stays() {
        let (old, image) = old();
        let host = old.host_config.clone();
        let made = like(old, &image, "sha256:new", "u1");
        assert_eq!(made.host_config, host, "volumes, ports, limits, capabilities, restarts");
        assert_eq!(made.hostname, None, "the engine's name for the old one is not kept");
        let networks = made.networking_config.and_then(|config| config.endpoints_config).expect("networks");
        let own = &networks["pbx_default"];
        assert_eq!((&own.aliases, &own.ip_address, &own.endpoint_id), (&words(&["appserver"]), &None, &None));
    }
}

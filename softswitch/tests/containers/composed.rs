//! A call through the composed system, watched and disturbed through Docker's API.
//!
//! `softswitch/tests/containers/run` builds the images, brings `compose.yaml` up and then runs this by name; it is no
//! part of `cargo test` by itself. The telephones are real ones (baresip), each speaking a tone of its own.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use bollard::{
    Docker,
    container::LogOutput,
    exec::{StartExecOptions, StartExecResults},
    models::{ExecConfig, HealthStatusEnum},
    query_parameters::{EventsOptionsBuilder, ListContainersOptionsBuilder},
};
use futures_util::StreamExt as _;
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

const ALICE_HZ: u32 = 440;
const BOB_HZ: u32 = 950;
/// Generous: containers share the machine with everything else under test.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_call_through_the_containers_outlives_the_app_server() {
    let docker = Docker::connect_with_local_defaults().expect("a Docker socket");
    let docker = docker.negotiate_version().await.expect("the daemon answers");
    let composed = Composed::find(docker).await;
    for service in ["sounds", "appserver", "softswitch"] {
        composed.await_healthy(service).await;
    }
    let accounts = composed.read("appserver", "/state/first-run.txt").await;

    let mut alice = Telephone::start(&accounts, "alice", ALICE_HZ).await;
    let mut bob = Telephone::start(&accounts, "bob", BOB_HZ).await;
    alice.order("dial", "102").await;
    bob.wait("CALL_INCOMING").await;
    bob.order("command", "accept").await;
    alice.wait("CALL_ESTABLISHED").await;
    bob.wait("CALL_ESTABLISHED").await;

    // The calls are the switch's: the app server may go and come meanwhile.
    let switch_started = composed.started("softswitch").await;
    composed.restart("appserver").await;
    composed.await_healthy("appserver").await;
    assert_eq!(composed.started("softswitch").await, switch_started, "the switch runs on");
    // Some more talk, so that the recordings also tell what was heard afterwards.
    tokio::time::sleep(Duration::from_secs(2)).await;

    alice.order("command", "hangup").await;
    bob.wait("CALL_CLOSED").await;
    bob.hears_only_from_start_to_end(ALICE_HZ).await;
    alice.hears_only_from_start_to_end(BOB_HZ).await;
    alice.stop().await;
    bob.stop().await;
}

/// The containers of one compose project.
struct Composed {
    docker: Docker,
    project: String,
}

impl Composed {
    async fn find(docker: Docker) -> Self {
        let project =
            std::env::var("COMPOSE_PROJECT_NAME").expect("COMPOSE_PROJECT_NAME names the project under test");
        Self { docker, project }
    }

    async fn id(&self, service: &str) -> String {
        let labels = vec![
            format!("com.docker.compose.project={}", self.project),
            format!("com.docker.compose.service={service}"),
        ];
        let filters = HashMap::from([("label", labels)]);
        let options = ListContainersOptionsBuilder::default().all(true).filters(&filters).build();
        let found = self.docker.list_containers(Some(options)).await.expect("the daemon lists containers");
        found
            .into_iter()
            .find_map(|container| container.id)
            .unwrap_or_else(|| panic!("{service} is not there"))
    }

    async fn is_healthy(&self, id: &str) -> bool {
        let state = self.docker.inspect_container(id, None).await.expect("the container is there").state;
        state.and_then(|state| state.health).and_then(|health| health.status)
            == Some(HealthStatusEnum::HEALTHY)
    }

    async fn await_healthy(&self, service: &str) {
        let id = self.id(service).await;
        let filters = HashMap::from([("container", vec![id.as_str()]), ("event", vec!["health_status"])]);
        let options = EventsOptionsBuilder::default().filters(&filters).build();
        let mut events = Box::pin(self.docker.events(Some(options)));
        // Subscribed before looking, so that no change falls in between.
        let healthy = async {
            while !self.is_healthy(&id).await {
                events.next().await.expect("the daemon stays").expect("the daemon tells events");
            }
        };
        timeout(PATIENCE, healthy).await.unwrap_or_else(|_| panic!("{service} did not get healthy"));
    }

    async fn started(&self, service: &str) -> String {
        let inspected = self.docker.inspect_container(&self.id(service).await, None).await;
        let state = inspected.expect("the container is there").state.expect("a container has a state");
        state.started_at.map(|at| at.to_string()).expect("it was started")
    }

    async fn restart(&self, service: &str) {
        self.docker.restart_container(&self.id(service).await, None).await.expect("the container restarts");
    }

    /// A file inside a container, read as the container's own user.
    async fn read(&self, service: &str, path: &str) -> String {
        let config = ExecConfig {
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            cmd: Some(vec!["cat".to_owned(), path.to_owned()]),
            ..ExecConfig::default()
        };
        let exec = self.docker.create_exec(&self.id(service).await, config).await.expect("an exec is made");
        let started = self.docker.start_exec(&exec.id, None::<StartExecOptions>).await.expect("it starts");
        let StartExecResults::Attached { mut output, .. } = started else { panic!("the exec is attached") };
        let mut text = String::new();
        while let Some(part) = output.next().await {
            match part.expect("the exec's output arrives") {
                LogOutput::StdErr { message } => panic!("cat {path}: {}", String::from_utf8_lossy(&message)),
                part => text.push_str(&String::from_utf8_lossy(&part.into_bytes())),
            }
        }
        text
    }
}

/// baresip, driven by `softswitch/tests/interop/phone.py`: one JSON object a line either way.
struct Telephone {
    name: String,
    process: Child,
    orders: ChildStdin,
    events: Lines<BufReader<ChildStdout>>,
}

impl Telephone {
    /// Starts it and waits until it is registered. `accounts` is the table of first-run.txt.
    async fn start(accounts: &str, name: &str, hz: u32) -> Self {
        let row = accounts
            .lines()
            .find(|line| line.starts_with(name))
            .unwrap_or_else(|| panic!("no {name}:\n{accounts}"));
        let [_, _, _, _, user, password] = row.split_whitespace().collect::<Vec<_>>()[..] else {
            panic!("a row of six columns: {row}")
        };
        let sip =
            std::env::var("RINGDOWN_SIP_LISTEN").expect("RINGDOWN_SIP_LISTEN is where the switch serves SIP");
        let tone = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("composed-{hz}.wav"));
        let hz = hz.to_string();
        audio_check(&["make", &tone.to_string_lossy(), "--hz", &hz, "--seconds", "120"]).await;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/phone.py");
        let mut process = Command::new("python3")
            .arg(script)
            .args(["--user", user, "--password", password, "--server", &sip, "--codecs", "PCMA"])
            .args(["--tone", &tone.to_string_lossy()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("python3 starts");
        let orders = process.stdin.take().expect("stdin is piped");
        let events = BufReader::new(process.stdout.take().expect("stdout is piped")).lines();
        let mut telephone = Self { name: name.to_owned(), process, orders, events };
        telephone.wait("REGISTERED").await;
        telephone
    }

    async fn order(&mut self, what: &str, with: &str) {
        let order = serde_json::json!({"do": what, "with": with});
        self.orders.write_all(format!("{order}\n").as_bytes()).await.expect("the telephone listens");
    }

    async fn wait(&mut self, kind: &str) -> Value {
        let event = async {
            while let Some(line) = self.events.next_line().await.expect("the telephone talks") {
                let event: Value = serde_json::from_str(&line).expect("one JSON object a line");
                if event["type"] == kind {
                    return event;
                }
            }
            panic!("{}: ended before {kind}", self.name);
        };
        timeout(PATIENCE, event).await.unwrap_or_else(|_| panic!("{}: no {kind}", self.name))
    }

    /// Judges the recording of the call that has ended, without its first and last second.
    async fn hears_only_from_start_to_end(&mut self, hz: u32) {
        self.order("heard", "").await;
        let heard = self.wait("HEARD").await;
        let file = heard["param"].as_str().expect("the path of the recording");
        let report =
            audio_check(&["tone", file, "--hz", &hz.to_string(), "--only", "--window", "1:-1"]).await;
        println!("{} hears {report}", self.name);
    }

    async fn stop(mut self) {
        self.order("stop", "").await;
        timeout(PATIENCE, self.process.wait()).await.expect("the telephone ends").expect("it was ours");
    }
}

/// Runs the audio checks; fails with what they say.
async fn audio_check(arguments: &[&str]) -> String {
    let folder =
        PathBuf::from(std::env::var("RINGDOWN_BIN").expect("RINGDOWN_BIN is the folder of audio-check"));
    let done =
        Command::new(folder.join("audio-check")).args(arguments).output().await.expect("audio-check runs");
    let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "audio-check {}: {said}", arguments.join(" "));
    said
}

//! The table of `docs/performance.md`: the softswitch and its peer under the same load in the same run, one after the
//! other, several times. Of each measurement the median counts.

use std::io;

use ringdown_benches::{digest::Algorithm, phones::Authentication};

use crate::{
    generator::{CALL, Generator, Plan, Scenario},
    outcome::Outcome,
    server::{Kind, REALM, Server, Setup},
};

/// What is compared.
struct Row {
    what: &'static str,
    scenario: Scenario,
    authentication: Authentication,
    kind: Kind,
}

const MD5: Kind = Kind::Ringdown(Algorithm::Md5);
const PLAIN: Kind = Kind::Kamailio { challenges_calls: false };
const STRICT: Kind = Kind::Kamailio { challenges_calls: true };

/// The rows. The first of each scenario is what the others are divided by.
const ROWS: [Row; 8] = [
    Row {
        what: "calls: Kamailio, stateful proxy, no password asked",
        scenario: CALL,
        authentication: Authentication::Reused,
        kind: PLAIN,
    },
    Row {
        what: "calls: Kamailio, each call proves its password",
        scenario: CALL,
        authentication: Authentication::Reused,
        kind: STRICT,
    },
    Row {
        what: "calls: Ringdown, each call proves its password",
        scenario: CALL,
        authentication: Authentication::Reused,
        kind: MD5,
    },
    Row {
        what: "calls: Kamailio, each call challenged first",
        scenario: CALL,
        authentication: Authentication::Challenged,
        kind: STRICT,
    },
    Row {
        what: "calls: Ringdown, each call challenged first",
        scenario: CALL,
        authentication: Authentication::Challenged,
        kind: MD5,
    },
    Row {
        what: "REGISTER: Kamailio, challenged first, MD5",
        scenario: Scenario::Register,
        authentication: Authentication::Challenged,
        kind: PLAIN,
    },
    Row {
        what: "REGISTER: Ringdown, challenged first, MD5",
        scenario: Scenario::Register,
        authentication: Authentication::Challenged,
        kind: MD5,
    },
    Row {
        what: "REGISTER: Ringdown, challenged first, SHA-256",
        scenario: Scenario::Register,
        authentication: Authentication::Challenged,
        kind: Kind::Ringdown(Algorithm::Sha256),
    },
];

/// Addresses the telephones share.
const SOURCES: u16 = 256;

/// How hard and how often.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Effort {
    /// Calls a second.
    #[arg(long, default_value_t = 2000.0)]
    calls: f64,
    /// Registrations a second.
    #[arg(long, default_value_t = 10_000.0)]
    registrations: f64,
    #[arg(long, default_value_t = 4.0)]
    seconds: f64,
    /// How often each is measured.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

/// Measures and prints the table.
pub(crate) fn compare(setup: &Setup, effort: Effort) -> io::Result<()> {
    let mut outcomes: Vec<Vec<Outcome>> = ROWS.iter().map(|_| Vec::new()).collect();
    // Round by round, so that whatever else the machine does meets all alike.
    for round in 0..effort.rounds {
        for (row, outcomes) in ROWS.iter().zip(&mut outcomes) {
            let outcome = measure(setup, row, effort)?;
            eprintln!("round {}: {}: {}", round + 1, row.what, outcome.line());
            outcomes.push(outcome);
        }
    }
    println!(
        "| what | offered/s | CPU each | ratio | failed | set-up p50 / p99 |\n|---|---|---|---|---|---|"
    );
    let mut base = (Scenario::Register, 0.0);
    for (row, outcomes) in ROWS.iter().zip(&mut outcomes) {
        outcomes.sort_by(|one, two| one.cpu_us.total_cmp(&two.cpu_us));
        let median = &outcomes[outcomes.len() / 2];
        if base.0 != row.scenario || base.1 == 0.0 {
            base = (row.scenario, median.cpu_us);
        }
        println!(
            "| {} | {:.0} | {:.1} µs | {:.2} | {} of {} | {:.2} / {:.2} ms |",
            row.what,
            effort.rate(row.scenario),
            median.cpu_us,
            median.cpu_us / base.1,
            median.failures(),
            median.offered,
            median.percentile(0.5),
            median.percentile(0.99),
        );
    }
    Ok(())
}

impl Effort {
    fn rate(self, scenario: Scenario) -> f64 {
        if scenario == Scenario::Register { self.registrations } else { self.calls }
    }
}

fn measure(setup: &Setup, row: &Row, effort: Effort) -> io::Result<Outcome> {
    let server = Server::start(row.kind, setup)?;
    let plan = Plan {
        target: server.address,
        realm: REALM.to_owned(),
        users: setup.users,
        sources: SOURCES,
        authentication: row.authentication,
        algorithm: match row.kind {
            Kind::Ringdown(algorithm) => algorithm,
            Kind::Kamailio { .. } => Algorithm::Md5,
        },
        pid: Some(server.pid()),
    };
    let mut generator = Generator::new(plan)?;
    generator.register_first(setup.users, 5_000.0)?;
    generator.offer(row.scenario, effort.rate(row.scenario), effort.seconds)
}

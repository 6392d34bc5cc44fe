//! What the programs under test cost, from `/proc`.

use std::{collections::HashMap, fs};

/// Processor time and memory of a process and its descendants at one moment.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    /// User and system time, in microseconds.
    pub cpu_us: f64,
    /// Memory in kilobytes: each page divided by the number of processes that share it.
    pub memory_kb: u64,
}

impl Cost {
    /// The cost of `root` and of everything it started.
    pub fn of(root: u32) -> Self {
        let mut cost = Self::default();
        for pid in family(root) {
            cost.cpu_us += run_us(pid).or_else(|| cpu_us(pid)).unwrap_or_default();
            cost.memory_kb += memory_kb(pid).unwrap_or_default();
        }
        cost
    }
}

/// A process and its descendants.
fn family(root: u32) -> Vec<u32> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        if let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok())
            && let Some(parent) = stat(pid).and_then(|fields| fields.get(1)?.parse().ok())
        {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut family = vec![root];
    let mut at = 0;
    while let Some(pid) = family.get(at) {
        family.extend(children.remove(pid).unwrap_or_default());
        at += 1;
    }
    family
}

/// The fields of `/proc/PID/stat` behind the program's name: state, parent, …
fn stat(pid: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(')')?;
    Some(fields.split_whitespace().map(str::to_owned).collect())
}

/// What the scheduler counted, to the nanosecond, where the kernel tells it.
fn run_us(pid: u32) -> Option<f64> {
    let mut nanoseconds = 0.0;
    for task in fs::read_dir(format!("/proc/{pid}/task")).ok()?.flatten() {
        let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
        nanoseconds += text.split_whitespace().next()?.parse::<f64>().ok()?;
    }
    (nanoseconds > 0.0).then_some(nanoseconds / 1000.0)
}

/// The same in ticks of 10 ms.
fn cpu_us(pid: u32) -> Option<f64> {
    let fields = stat(pid)?;
    let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
    // utime and stime: fields 14 and 15 of proc(5), the state being field 3.
    Some((ticks(11)? + ticks(12)?) * 1_000_000.0 / TICKS_PER_SECOND)
}

fn memory_kb(pid: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = text.lines().find(|line| line.starts_with("Pss:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// `sysconf(_SC_CLK_TCK)` of every Linux there is.
const TICKS_PER_SECOND: f64 = 100.0;

/// How busy a core was since `before`: all that ran on it and its interrupts, as a share of 1.
#[derive(Debug, Clone, Copy, Default)]
pub struct CoreTime {
    busy: f64,
    all: f64,
}

impl CoreTime {
    /// The time of `core` so far.
    pub fn of(core: usize) -> Self {
        let text = fs::read_to_string("/proc/stat").unwrap_or_default();
        let name = format!("cpu{core} ");
        let line = text.lines().find_map(|line| line.strip_prefix(&name)).unwrap_or_default();
        let ticks: Vec<f64> = line.split_whitespace().filter_map(|field| field.parse().ok()).collect();
        // user nice system idle iowait irq softirq steal: proc(5).
        let all = ticks.iter().take(8).sum();
        let idle: f64 = ticks.iter().skip(3).take(2).sum();
        Self { busy: all - idle, all }
    }

    /// The share of the time between that was not idle.
    pub fn busy_since(self, before: Self) -> f64 {
        (self.busy - before.busy) / (self.all - before.all).max(1.0)
    }
}

//! What the programs under test cost, from `/proc`.

use std::{collections::HashMap, fs};

/// Processor time and memory of a process and its descendants at one moment.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cost {
    /// User and system time, in microseconds.
    pub(crate) cpu_us: f64,
    /// Memory in kilobytes: each page divided by the number of processes that share it.
    pub(crate) memory_kb: u64,
}

impl Cost {
    /// The cost of `root` and of everything it started.
    pub(crate) fn of(root: u32) -> Self {
        let mut cost = Self::default();
        for pid in family(root) {
            cost.cpu_us += cpu_us(pid).unwrap_or_default();
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

//! Writes what the desk has for its browsers, beside the desk: one task for each core, each with its share of the
//! connections, so that what a connection is given stays in order.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use ringdown_desk::ConnId;
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc},
    task::coop::unconstrained,
};

use crate::{desk_task::ToBrowser, outlet::Outlet};

/// Messages that may wait for one task. It writes a hundred thousand a second.
const MAX_AHEAD: usize = 65_536;
/// Messages written before other tasks of the core have their turn. A larger number makes them wait longer.
const AT_ONCE: usize = 32;

/// Messages for connections, and what is given back when they are written.
type Batch = (Vec<(Arc<Outlet>, ToBrowser)>, Option<Arc<OwnedSemaphorePermit>>);

/// Writes to browsers.
#[derive(Debug)]
pub struct FanOut {
    lanes: Vec<Lane>,
}

#[derive(Debug)]
struct Lane {
    queue: mpsc::UnboundedSender<Batch>,
    /// Bounds the queue.
    ahead: Arc<AtomicUsize>,
    batch: Vec<(Arc<Outlet>, ToBrowser)>,
}

impl FanOut {
    /// Starts `lanes` tasks, which end with the value.
    pub fn start(lanes: usize) -> Self {
        let start = |_| {
            let (queue, batches) = mpsc::unbounded_channel();
            let ahead = Arc::new(AtomicUsize::new(0));
            tokio::spawn(unconstrained(write(batches, Arc::clone(&ahead))));
            Lane { queue, ahead, batch: Vec::new() }
        };
        Self { lanes: (0..lanes.max(1)).map(start).collect() }
    }

    /// Takes a message, which is written after [`Self::send`]; whether there was room.
    pub fn give(&mut self, conn: ConnId, outlet: &Arc<Outlet>, message: ToBrowser) -> bool {
        let count = self.lanes.len() as u64;
        let lane = self.lanes.get_mut((conn.0 % count) as usize);
        let Some(lane) = lane.filter(|lane| lane.ahead.load(Ordering::Relaxed) < MAX_AHEAD) else {
            return false;
        };
        lane.ahead.fetch_add(1, Ordering::Relaxed);
        lane.batch.push((Arc::clone(outlet), message));
        true
    }

    /// Lets what was given be written. `permit` is given back when all of it is.
    pub fn send(&mut self, permit: Option<OwnedSemaphorePermit>) {
        let permit = permit.map(Arc::new);
        for lane in self.lanes.iter_mut().filter(|lane| !lane.batch.is_empty()) {
            let batch = std::mem::take(&mut lane.batch);
            // The task ends after its sender.
            drop(lane.queue.send((batch, permit.clone())));
        }
    }
}

async fn write(mut batches: mpsc::UnboundedReceiver<Batch>, ahead: Arc<AtomicUsize>) {
    let mut written = 0;
    while let Some((batch, permit)) = batches.recv().await {
        for (outlet, message) in batch {
            ahead.fetch_sub(1, Ordering::Relaxed);
            // The connection's own task ends it where it is too slow.
            let _ = outlet.give(message);
            written += 1;
            if written % AT_ONCE == 0 {
                tokio::task::yield_now().await;
            }
        }
        drop(permit);
    }
}

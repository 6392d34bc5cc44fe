//! The legs of a worker, by slot and by id.

use std::collections::HashMap;

use ringdown_types::LegId;

use crate::leg::Leg;

/// Where a leg is kept. It is taken again after the leg is removed, so nothing keeps a slot past that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Slot(u32);

#[cfg(test)]
impl Slot {
    pub(crate) const fn for_test(number: u32) -> Self {
        Self(number)
    }
}

#[derive(Default)]
pub(crate) struct Legs {
    slots: Vec<Option<Box<Leg>>>,
    free: Vec<Slot>,
    by_id: HashMap<LegId, Slot>,
    /// The leg last worked on: whom a bug strikes.
    touched: Option<Slot>,
}

impl Legs {
    pub(crate) fn insert(&mut self, leg: Leg) -> Slot {
        let id = leg.id;
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            Slot((self.slots.len() - 1) as u32)
        });
        self.slots[slot.0 as usize] = Some(Box::new(leg));
        self.by_id.insert(id, slot);
        slot
    }

    pub(crate) fn remove(&mut self, slot: Slot) -> Option<Box<Leg>> {
        let leg = self.slots.get_mut(slot.0 as usize)?.take()?;
        self.by_id.remove(&leg.id);
        self.free.push(slot);
        Some(leg)
    }

    pub(crate) fn slot(&self, id: LegId) -> Option<Slot> {
        self.by_id.get(&id).copied()
    }

    pub(crate) fn get(&self, slot: Slot) -> Option<&Leg> {
        self.slots.get(slot.0 as usize)?.as_deref()
    }

    pub(crate) fn get_mut(&mut self, slot: Slot) -> Option<&mut Leg> {
        self.touched = Some(slot);
        self.slots.get_mut(slot.0 as usize)?.as_deref_mut()
    }

    /// New work begins, on no leg so far.
    pub(crate) const fn begin(&mut self) {
        self.touched = None;
    }

    /// The leg worked on last, after a panic.
    pub(crate) const fn take_struck(&mut self) -> Option<Slot> {
        self.touched.take()
    }

    /// The slots of all legs.
    pub(crate) fn slots(&self) -> Vec<Slot> {
        self.by_id.values().copied().collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }
}

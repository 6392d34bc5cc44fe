//! Outcomes of the latest commands, so that a repeated one does nothing twice.

use std::collections::{HashMap, VecDeque};

use ringdown_control::{CommandId, CommandResult};

/// The latest outcomes by command id. The oldest goes when it is full: a command is repeated within seconds of a
/// reconnect or not at all.
#[derive(Debug, Default)]
pub(crate) struct CommandLog {
    outcomes: HashMap<CommandId, CommandResult>,
    order: VecDeque<CommandId>,
}

impl CommandLog {
    /// About 100 bytes each.
    const CAPACITY: usize = 4_096;

    pub(crate) fn outcome(&self, id: CommandId) -> Option<&CommandResult> {
        self.outcomes.get(&id)
    }

    pub(crate) fn note(&mut self, id: CommandId, result: CommandResult) {
        if self.outcomes.insert(id, result).is_some() {
            return;
        }
        self.order.push_back(id);
        if self.order.len() > Self::CAPACITY
            && let Some(oldest) = self.order.pop_front()
        {
            self.outcomes.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_forgets_the_oldest_and_no_more() {
        let mut log = CommandLog::default();
        for id in 0..=CommandLog::CAPACITY as u64 {
            log.note(CommandId(id), CommandResult::Done);
        }
        assert_eq!(log.outcome(CommandId(0)), None);
        assert_eq!(log.outcome(CommandId(1)), Some(&CommandResult::Done));
        assert_eq!(log.outcomes.len(), CommandLog::CAPACITY);
    }
}

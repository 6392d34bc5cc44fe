//! What is remembered of updates: one line each, written to disk before what follows from it is done.

use serde::{Deserialize, Serialize};

use crate::Plan;

/// The most bytes of a line.
pub const MAX_LINE: usize = 128 * 1024;

/// One line of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// When, in Unix milliseconds.
    pub at: u64,
    /// The update's id.
    pub update: String,
    /// What happened.
    #[serde(flatten)]
    pub entry: Entry,
}

/// What happened to an update.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Entry {
    /// It was decided, and begins with its first step.
    Planned {
        /// All of it.
        plan: Box<Plan>,
    },
    /// Forward: everything before this step is done.
    Reached {
        /// The step's place, from 0.
        step: usize,
    },
    /// A step failed: from here on everything is undone.
    TurnedBack {
        /// The step's place.
        step: usize,
        /// Why.
        why: String,
    },
    /// On the way back: everything from this step on is undone.
    Undone {
        /// The step's place.
        step: usize,
        /// What could not be undone of it, and what to do; the way back goes on regardless.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        help: Option<String>,
    },
    /// It is over.
    Ended {
        /// How.
        outcome: Outcome,
    },
}

/// How an update ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "kebab-case")]
pub enum Outcome {
    /// Everything runs on the new images.
    Updated,
    /// Everything runs on the old images, as before.
    RolledBack {
        /// What had failed.
        why: String,
    },
    /// Neither: somebody has to look.
    Stuck {
        /// What had failed at first.
        why: String,
        /// What could not be undone, and what to do.
        help: String,
    },
}

/// A journal that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// A line in its middle is none of ours. The last one may be torn: the machine stopped while it was written.
    #[error("line {0} of the journal is damaged: {1}")]
    Damaged(usize, String),
}

/// The text of a record, with the line's end.
///
/// # Errors
/// Never for records this crate makes.
pub fn write_record(record: &Record) -> Result<String, serde_json::Error> {
    let mut line = serde_json::to_string(record)?;
    line.push('\n');
    Ok(line)
}

/// Reads a journal. A last line without its end was being written when the machine stopped: it counts as not written,
/// and the number of bytes before it is told so that it can be cut off.
///
/// # Errors
/// When another line cannot be read.
pub fn read_journal(text: &[u8]) -> Result<(Vec<Record>, usize), JournalError> {
    let mut records = Vec::new();
    let mut read = 0;
    for (index, line) in text.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let Some(line_without_end) = line.strip_suffix(b"\n") else { break };
        if line.len() > MAX_LINE {
            return Err(JournalError::Damaged(index + 1, format!("it is longer than {MAX_LINE} bytes")));
        }
        let record = serde_json::from_slice(line_without_end)
            .map_err(|error| JournalError::Damaged(index + 1, error.to_string()))?;
        records.push(record);
        read += line.len();
    }
    Ok((records, read))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(step: usize) -> String {
        write_record(&Record { at: 1, update: "u".to_owned(), entry: Entry::Reached { step } }).expect("text")
    }

    #[test]
    fn a_torn_last_line_counts_as_not_written() {
        let text = line(1) + &line(2)[..10];
        let (records, length) = read_journal(text.as_bytes()).expect("it can be read");
        assert_eq!((records.len(), length), (1, line(1).len()));
    }

    #[test]
    fn a_damaged_line_before_the_last_is_an_error() {
        let text = line(1) + "not a record\n" + &line(2);
        assert!(matches!(read_journal(text.as_bytes()), Err(JournalError::Damaged(2, _))));
        let long = " ".repeat(MAX_LINE) + "\n";
        assert!(matches!(read_journal(long.as_bytes()), Err(JournalError::Damaged(1, _))));
    }
}

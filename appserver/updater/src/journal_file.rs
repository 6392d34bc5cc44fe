//! The journal on disk, held by one updater at a time.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use ringdown_update::{Entry, JournalError, Record, read_journal, write_record};

/// The most bytes a journal is read with: years of updates.
const MAX_JOURNAL: u64 = 64 * 1024 * 1024;

/// The journal, open and locked. Dropping it lets go of the lock; so does the death of the process.
#[derive(Debug)]
pub struct JournalFile {
    file: File,
    records: Vec<Record>,
}

/// Why there is no journal to write.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another updater has it.
    #[error("another updater holds the journal")]
    Held,
    /// The disk.
    #[error("the journal: {0}")]
    Io(#[from] io::Error),
    /// Its text.
    #[error("{0}; move the file away and look at `docker ps -a` by hand")]
    Damaged(#[from] JournalError),
}

/// Now, in Unix milliseconds.
#[must_use]
pub fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

impl JournalFile {
    /// Opens it, for one updater alone. A torn last line is cut off.
    ///
    /// # Errors
    /// When another updater holds it, or it cannot be read.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        let path = folder.join("updates.jsonl");
        let mut options = OpenOptions::new();
        options.create(true).read(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OpenError::Held),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        let mut text = Vec::new();
        file.seek(SeekFrom::Start(0))?;
        io::Read::by_ref(&mut file).take(MAX_JOURNAL).read_to_end(&mut text)?;
        let (records, length) = read_journal(&text)?;
        if length < text.len() {
            file.set_len(length as u64)?;
        }
        // The file's name must be on disk too before its lines count.
        File::open(folder)?.sync_all()?;
        Ok(Self { file, records })
    }

    /// What it holds, oldest first.
    #[must_use]
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Writes a line, and returns when it is on disk.
    ///
    /// # Errors
    /// When it is not.
    pub fn append(&mut self, update: &str, entry: Entry) -> io::Result<()> {
        let record = Record { at: now(), update: update.to_owned(), entry };
        let line = write_record(&record).map_err(io::Error::other)?;
        self.file.write_all(line.as_bytes())?;
        self.file.sync_data()?;
        self.records.push(record);
        Ok(())
    }
}

/// Reads a journal that another updater may hold: what is written is never changed.
///
/// # Errors
/// When it cannot be read.
pub fn peek(folder: &Path) -> Result<Vec<Record>, OpenError> {
    let mut text = Vec::new();
    match File::open(folder.join("updates.jsonl")) {
        Ok(file) => file.take(MAX_JOURNAL).read_to_end(&mut text)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
        Err(error) => return Err(error.into()),
    };
    Ok(read_journal(&text)?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_was_torn_is_cut_off_and_the_next_one_can_be_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut journal = JournalFile::open(folder.path()).expect("it opens");
        journal.append("u", Entry::Reached { step: 1 }).expect("it is written");
        journal.file.write_all(b"{\"at\":1,\"upd").expect("half a line");
        drop(journal);
        let mut journal = JournalFile::open(folder.path()).expect("it opens");
        assert_eq!(journal.records().len(), 1);
        journal.append("u", Entry::Reached { step: 2 }).expect("it is written");
        drop(journal);
        assert_eq!(peek(folder.path()).expect("it can be read").len(), 2);
    }

    #[test]
    fn one_updater_alone_has_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let journal = JournalFile::open(folder.path()).expect("it opens");
        assert!(matches!(JournalFile::open(folder.path()), Err(OpenError::Held)));
        drop(journal);
        assert!(JournalFile::open(folder.path()).is_ok());
    }
}

//! Recordings as files in the state folder: a thread that writes what the media workers hand over, and reads it back.
//!
//! A message of a mailbox is two files, `<recording>.wav` and `<recording>.json`; it exists once both do. Each is
//! written beside its name and renamed when it is whole, so whatever a crash leaves behind is recognised by its name
//! and removed at the next start. There is no other index.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use ringdown_control::{CommandId, CommandResult, SoundBytes, VoicemailMessage};
use ringdown_media::{
    api::{MediaEvent, RecordingEnd},
    resample::resample,
    wav,
    wide::WIDE_RATE,
};
use ringdown_plane::RecordingPart;
use ringdown_types::{LegId, RecordingId};
use tracing::{error, info, warn};

use crate::{
    identity::write_private,
    switch_task::{SwitchInput, no_such_message},
};

/// Jobs that wait for the thread: five seconds of two hundred recordings. More costs memory while the disk hangs,
/// about 6 kB each; fewer spoils recordings on a slow one.
const JOBS: usize = 4_096;

/// How long the end of the program waits for the disk.
const FLUSH: Duration = Duration::from_secs(2);

/// A description larger than this is not one of ours.
const MAX_DESCRIPTION: u64 = 64 * 1024;

const SOUND: &str = "wav";
const DESCRIPTION: &str = "json";

/// Something to do with a file.
#[derive(Debug)]
pub(crate) enum FileJob {
    /// Write a part of a recording.
    Part {
        /// The recording.
        recording: RecordingId,
        /// The leg that is recorded.
        leg: LegId,
        /// The part.
        part: RecordingPart,
    },
    /// A part was lost on the way: the recording is worth nothing.
    Spoil {
        /// The recording.
        recording: RecordingId,
    },
    /// Read a recording for a media worker.
    Play {
        /// The worker.
        worker: usize,
        /// The recording.
        recording: RecordingId,
    },
    /// Read a part of a recording's file for the app server.
    Fetch {
        /// The command that asks.
        id: CommandId,
        /// The recording.
        recording: RecordingId,
        /// Where to begin, in bytes.
        offset: u64,
    },
    /// Keep a message, or replace its description.
    Keep(VoicemailMessage),
    /// Remove a recording and its description.
    Discard(RecordingId),
    /// Tell when everything before this is done.
    Flush(mpsc::SyncSender<()>),
}

/// The thread's other end.
#[derive(Debug, Clone)]
pub(crate) struct Recordings {
    jobs: mpsc::SyncSender<FileJob>,
}

impl Recordings {
    /// Looks through the folder, making it if there is none, removes what a crash left in it, and starts the thread,
    /// which tells `switch` what became of each recording. Returns the messages too.
    ///
    /// # Errors
    /// When the folder cannot be read or the system gives no thread.
    pub(crate) fn open(
        folder: PathBuf,
        switch: tokio::sync::mpsc::Sender<SwitchInput>,
    ) -> io::Result<(Self, Vec<VoicemailMessage>)> {
        fs::create_dir_all(&folder)?;
        let messages = look_through(&folder)?;
        let (jobs, waiting) = mpsc::sync_channel(JOBS);
        let mut writer = Writer { folder, open: HashMap::new(), switch };
        let run = move || {
            for job in waiting {
                writer.handle(job);
            }
        };
        thread::Builder::new().name("recordings".to_owned()).spawn(run)?;
        Ok((Self { jobs }, messages))
    }

    /// Hands over a job; `false` where too many wait.
    pub(crate) fn send(&self, job: FileJob) -> bool {
        self.jobs.try_send(job).is_ok()
    }

    /// Waits until everything that was handed over is on the disk, or a disk that hangs had its time.
    pub(crate) fn flush(&self) {
        let (done, wait) = mpsc::sync_channel(1);
        if !self.send(FileJob::Flush(done)) || wait.recv_timeout(FLUSH).is_err() {
            warn!("the recordings' disk does not keep up; the newest changes of mailboxes may be lost");
        }
    }
}

fn path(folder: &Path, recording: RecordingId, kind: &str) -> PathBuf {
    folder.join(format!("{recording}.{kind}"))
}

/// The messages of the folder. What is no whole message is removed.
fn look_through(folder: &Path) -> io::Result<Vec<VoicemailMessage>> {
    let mut messages = Vec::new();
    let mut removed = 0;
    for entry in fs::read_dir(folder)? {
        let file = entry?.path();
        let kind = file.extension().and_then(|kind| kind.to_str());
        let is_whole = match kind {
            Some(DESCRIPTION) => describe(&file).map(|message| messages.push(message)).is_some(),
            Some(SOUND) => file.with_extension(DESCRIPTION).is_file(),
            _ => false,
        };
        if !is_whole {
            removed += 1;
            fs::remove_file(&file).or_else(|_| fs::remove_dir_all(&file))?;
        }
    }
    if removed > 0 {
        warn!(removed, "removed what was left of unfinished recordings");
    }
    messages.sort_by_key(|message| (message.received_at, message.id));
    info!(messages = messages.len(), "voicemail of the last run");
    Ok(messages)
}

/// The message that a description tells of, if its sound is there and it bears its name.
fn describe(file: &Path) -> Option<VoicemailMessage> {
    if fs::metadata(file).ok()?.len() > MAX_DESCRIPTION || !file.with_extension(SOUND).is_file() {
        return None;
    }
    let message: VoicemailMessage = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
    (file.file_stem()?.to_str()? == message.id.to_string()).then_some(message)
}

struct Writer {
    folder: PathBuf,
    /// Recordings that are being written; `None` for one that cannot be.
    open: HashMap<RecordingId, Option<Open>>,
    switch: tokio::sync::mpsc::Sender<SwitchInput>,
}

/// A recording that is being written.
struct Open {
    file: File,
    samples: u64,
}

impl Writer {
    fn handle(&mut self, job: FileJob) {
        match job {
            FileJob::Part { recording, leg, part: RecordingPart::Audio(samples) } => {
                if let Err(error) = self.append(recording, &samples) {
                    error!(%error, %recording, "a recording cannot be written");
                    self.abandon(recording);
                    self.open.insert(recording, None);
                    self.tell(leg, recording, RecordingEnd::Failed, None);
                }
            }
            FileJob::Part { recording, leg, part: RecordingPart::End { end, samples } } => {
                let Some(open) = self.open.remove(&recording).flatten() else { return };
                let stored = self.finish(recording, open, samples);
                if let Err(error) = &stored {
                    error!(%error, %recording, "a recording cannot be finished");
                    self.abandon(recording);
                }
                self.tell(leg, recording, end, stored.ok().flatten());
            }
            FileJob::Spoil { recording } => self.abandon(recording),
            FileJob::Play { worker, recording } => {
                let samples = self.read(recording);
                let input = SwitchInput::RecordingRead { worker, recording, samples };
                drop(self.switch.blocking_send(input));
            }
            FileJob::Fetch { id, recording, offset } => {
                let result = match self.fetch(recording, offset) {
                    Ok((total, part)) => CommandResult::VoicemailSound { total, part: SoundBytes(part) },
                    Err(error) => {
                        warn!(%error, %recording, "a message cannot be read");
                        no_such_message()
                    }
                };
                drop(self.switch.blocking_send(SwitchInput::Reply { id, result }));
            }
            FileJob::Keep(message) => {
                let described = serde_json::to_vec(&message)
                    .map_err(io::Error::other)
                    .and_then(|bytes| write_private(&path(&self.folder, message.id, DESCRIPTION), &bytes));
                if let Err(error) = described {
                    error!(%error, "a message cannot be kept; it is lost with the next restart");
                }
            }
            // Whoever waited may have given up.
            FileJob::Flush(done) => drop(done.try_send(())),
            FileJob::Discard(recording) => {
                for kind in [DESCRIPTION, SOUND] {
                    let _ = fs::remove_file(path(&self.folder, recording, kind));
                }
            }
        }
    }

    fn append(&mut self, recording: RecordingId, samples: &[i16]) -> io::Result<()> {
        let open = match self.open.entry(recording) {
            std::collections::hash_map::Entry::Occupied(open) => open.into_mut(),
            std::collections::hash_map::Entry::Vacant(vacant) => {
                let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path(
                    &self.folder,
                    recording,
                    UNFINISHED,
                ))?;
                file.write_all(&wav::header(WIDE_RATE, 0))?;
                vacant.insert(Some(Open { file, samples: 0 }))
            }
        };
        let Some(open) = open else { return Ok(()) };
        let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        open.file.write_all(&bytes)?;
        open.samples += samples.len() as u64;
        Ok(())
    }

    /// Cuts the file to length and gives it its name; returns how many samples it holds, `None` for none at all.
    fn finish(&self, recording: RecordingId, mut open: Open, samples: u64) -> io::Result<Option<u64>> {
        let samples = samples.min(open.samples);
        let unfinished = path(&self.folder, recording, UNFINISHED);
        if samples == 0 {
            fs::remove_file(unfinished)?;
            return Ok(None);
        }
        open.file.set_len(wav::HEADER_LENGTH as u64 + samples * 2)?;
        open.file.seek(SeekFrom::Start(0))?;
        open.file.write_all(&wav::header(WIDE_RATE, u32::try_from(samples).unwrap_or(u32::MAX)))?;
        open.file.sync_all()?;
        fs::rename(unfinished, path(&self.folder, recording, SOUND))?;
        Ok(Some(samples))
    }

    fn abandon(&mut self, recording: RecordingId) {
        self.open.remove(&recording);
        let _ = fs::remove_file(path(&self.folder, recording, UNFINISHED));
    }

    fn tell(&self, leg: LegId, recording: RecordingId, end: RecordingEnd, samples: Option<u64>) {
        let duration_ms = (samples.unwrap_or(0) * 1000 / u64::from(WIDE_RATE)) as u32;
        let is_stored = samples.is_some();
        let event = MediaEvent::RecordingEnded { leg, recording, end, duration_ms, is_stored };
        drop(self.switch.blocking_send(SwitchInput::Media(event)));
    }

    /// A part of a file, and how long the whole is.
    fn fetch(&self, recording: RecordingId, offset: u64) -> io::Result<(u64, Vec<u8>)> {
        let mut file = File::open(path(&self.folder, recording, SOUND))?;
        let total = file.metadata()?.len();
        file.seek(SeekFrom::Start(offset.min(total)))?;
        let mut part = Vec::with_capacity(SoundBytes::MAX);
        file.take(SoundBytes::MAX as u64).read_to_end(&mut part)?;
        Ok((total, part))
    }

    fn read(&self, recording: RecordingId) -> Option<Arc<[i16]>> {
        let file = fs::read(path(&self.folder, recording, SOUND)).ok()?;
        let pcm = wav::read(&file).map_err(|error| warn!(%error, "a recording cannot be read")).ok()?;
        Some(resample(&pcm.samples, pcm.sample_rate, WIDE_RATE).into())
    }
}

/// How a recording's file is named while it is written.
const UNFINISHED: &str = "part";

#[cfg(test)]
mod tests {
    use ringdown_control::Party;
    use ringdown_types::{Pii, UserId};

    use super::*;

    const RECORDING: RecordingId = RecordingId::from_u128(7);
    const LEG: LegId = LegId::from_u128(1);

    struct Stand {
        folder: tempfile::TempDir,
        recordings: Recordings,
        inputs: tokio::sync::mpsc::Receiver<SwitchInput>,
        messages: Vec<VoicemailMessage>,
    }

    fn stand(folder: tempfile::TempDir) -> Stand {
        let (switch, inputs) = tokio::sync::mpsc::channel(16);
        let (recordings, messages) =
            Recordings::open(folder.path().to_owned(), switch).expect("a folder that can be written");
        Stand { folder, recordings, inputs, messages }
    }

    fn message() -> VoicemailMessage {
        let from = Party { user: None, number: Pii("101".to_owned()), name: Pii("alice".to_owned()) };
        let (user, received_at) = (UserId::from_u128(2), 1_700_000_000_000);
        VoicemailMessage { id: RECORDING, user, from, received_at, duration_ms: 500, is_heard: false }
    }

    impl Stand {
        fn part(&self, part: RecordingPart) {
            assert!(self.recordings.send(FileJob::Part { recording: RECORDING, leg: LEG, part }));
        }

        fn record(&mut self, samples: &[i16], kept: u64) -> (bool, u32) {
            self.part(RecordingPart::Audio(samples.to_vec()));
            self.part(RecordingPart::End { end: RecordingEnd::Stopped, samples: kept });
            self.ended()
        }

        fn ended(&mut self) -> (bool, u32) {
            match self.inputs.blocking_recv() {
                Some(SwitchInput::Media(MediaEvent::RecordingEnded { is_stored, duration_ms, .. })) => {
                    (is_stored, duration_ms)
                }
                other => panic!("{other:?}"),
            }
        }

        fn names(&self) -> Vec<String> {
            let names = fs::read_dir(self.folder.path()).expect("the folder");
            names.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
        }

        fn read(&mut self) -> Option<Arc<[i16]>> {
            assert!(self.recordings.send(FileJob::Play { worker: 0, recording: RECORDING }));
            match self.inputs.blocking_recv() {
                Some(SwitchInput::RecordingRead { samples, .. }) => samples,
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn what_was_written_is_read_again_after_a_restart() {
        let mut stand = stand(tempfile::tempdir().expect("a folder"));
        let samples: Vec<i16> = (0..16_000).map(|sample| (sample % 700) as i16).collect();
        assert_eq!(stand.record(&samples, 8_000), (true, 500));
        assert_eq!(stand.read().as_deref(), Some(&samples[..8_000]));
        assert!(stand.recordings.send(FileJob::Keep(message())));
        stand.recordings.flush();

        let mut stand = self::stand(stand.folder);
        assert_eq!(stand.messages, [message()]);
        assert!(stand.recordings.send(FileJob::Discard(RECORDING)));
        assert_eq!(stand.read(), None);
        assert_eq!(stand.names(), [""; 0]);
    }

    #[test]
    fn what_a_crash_left_is_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        let other = RecordingId::from_u128(8);
        for (name, bytes) in [
            (format!("{RECORDING}.part"), &b"RIFF"[..]),
            (format!("{other}.wav"), b"a sound without a description"),
            (format!("{RECORDING}.json"), b"{\"half\":"),
            (format!("{other}.new"), b"{"),
        ] {
            fs::write(folder.path().join(name), bytes).expect("the folder can be written");
        }
        let stand = stand(folder);
        assert_eq!((stand.messages.len(), stand.names()), (0, vec![]));
    }

    #[test]
    fn nothing_said_leaves_no_file() {
        let mut stand = stand(tempfile::tempdir().expect("a folder"));
        assert_eq!(stand.record(&[0; 3200], 0), (false, 0));
        assert_eq!(stand.names(), [""; 0]);
    }

    /// Root may write anywhere, so a file in the folder's place stands for a disk that takes nothing.
    #[test]
    fn a_disk_that_takes_nothing_is_told_at_once_and_once() {
        let mut stand = stand(tempfile::tempdir().expect("a folder"));
        let folder = stand.folder.path().to_owned();
        fs::remove_dir(&folder).expect("it is empty");
        fs::write(&folder, b"").expect("its parent can be written");
        stand.part(RecordingPart::Audio(vec![1; 3200]));
        assert_eq!(stand.ended(), (false, 0));
        stand.part(RecordingPart::End { end: RecordingEnd::Stopped, samples: 3200 });
        assert_eq!(stand.read(), None);
        fs::remove_file(&folder).expect("the file");
    }
}

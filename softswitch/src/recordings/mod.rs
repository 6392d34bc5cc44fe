//! Recordings as files in the state folder: a thread that writes what the media workers hand over, and reads it back.
//!
//! A message of a mailbox is two files, `voicemail/<recording>.wav` and `.json`; it exists once both do. Each is
//! written beside its name and renamed when it is whole, so whatever a crash leaves behind is recognised by its name
//! and removed at the next start. There is no other index.
//!
//! A recording of a call is two files too, in `recordings`. Its description comes first, and of what a crash or a full
//! disk cut short there is what was written.

mod file;

use std::{
    collections::{HashMap, VecDeque},
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use ringdown_control::{CommandId, CommandResult, Recording, RecordingState, SoundBytes, VoicemailMessage};
use ringdown_media::{
    api::{MediaEvent, RecordingEnd, RecordingPurpose},
    ogg::OggWriter,
    resample::resample,
    wav,
    wide::WIDE_RATE,
};
use ringdown_plane::{RecordingFile, RecordingPart};
use ringdown_types::{LegId, RecordingId, SoundFormat};
use serde::{Serialize, de::DeserializeOwned};
use tracing::{error, info, warn};

use crate::{
    identity::write_private,
    recordings::file::OpenFile,
    switch_task::{SwitchInput, no_such_message, no_such_recording},
};

/// Jobs that wait for the thread: five seconds of two hundred recordings. More costs memory while the disk hangs,
/// about 6 kB each; fewer spoils recordings on a slow one.
const JOBS: usize = 4_096;

/// How long the end of the program waits for the disk.
const FLUSH: Duration = Duration::from_secs(2);

/// A description larger than this is not one of ours.
const MAX_DESCRIPTION: u64 = 64 * 1024;

/// Sounds at hand that are no files. A media worker asks for one within milliseconds of its command; the oldest goes.
const MAX_LENT: usize = 16;

const DESCRIPTION: &str = "json";

/// How a recording's file is named while it is written.
const UNFINISHED: &str = "part";

/// Bits per second of a message that is asked for as Ogg.
const MESSAGE_BITRATE: u32 = 24_000;

/// Something to do with a file.
#[derive(Debug)]
pub(crate) enum FileJob {
    /// Write a part of a recording.
    Part {
        /// The recording.
        recording: RecordingId,
        /// The leg that is recorded; `None` for a mix.
        leg: Option<LegId>,
        /// What the file is.
        file: RecordingFile,
        /// The part.
        part: RecordingPart,
    },
    /// A part was lost on the way, or its worker is gone: a message is worth nothing then, a call's recording ends here.
    Cut {
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
    /// Have a sound at hand that is no recording and no file, to be played as if it were one.
    Lend {
        /// How it is named.
        recording: RecordingId,
        /// What is in it.
        samples: Arc<[i16]>,
    },
    /// Read a part of a message's sound for the app server.
    Fetch {
        /// The command that asks.
        id: CommandId,
        /// The recording.
        recording: RecordingId,
        /// In what kind of file.
        format: SoundFormat,
        /// Where to begin, in bytes.
        offset: u64,
    },
    /// Read a part of a call's recording for the app server.
    FetchRecording {
        /// The command that asks.
        id: CommandId,
        /// The recording.
        recording: RecordingId,
        /// What its file is.
        format: SoundFormat,
        /// Where to begin, in bytes.
        offset: u64,
    },
    /// Keep a message, or replace its description.
    Keep(VoicemailMessage),
    /// Keep a description of a call's recording, or replace it.
    KeepRecording(Recording),
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

/// What the last run left.
#[derive(Debug, Default)]
pub(crate) struct Restored {
    /// Messages in mailboxes.
    pub messages: Vec<VoicemailMessage>,
    /// Recordings of calls.
    pub recordings: Vec<Recording>,
}

impl Recordings {
    /// Looks through the folders, making those that are not there, mends or removes what a crash left in them, and
    /// starts the thread, which tells `switch` what became of each recording.
    ///
    /// # Errors
    /// When a folder cannot be read or the system gives no thread.
    pub(crate) fn open(
        state: &Path,
        switch: tokio::sync::mpsc::Sender<SwitchInput>,
    ) -> io::Result<(Self, Restored)> {
        let folders = Folders { messages: state.join("voicemail"), calls: state.join("recordings") };
        fs::create_dir_all(&folders.messages)?;
        fs::create_dir_all(&folders.calls)?;
        let restored = Restored {
            messages: look_through_messages(&folders.messages)?,
            recordings: look_through_calls(&folders.calls)?,
        };
        let (jobs, waiting) = mpsc::sync_channel(JOBS);
        let mut writer =
            Writer { folders, open: HashMap::new(), as_ogg: None, lent: VecDeque::new(), switch };
        let run = move || {
            for job in waiting {
                writer.handle(job);
            }
        };
        thread::Builder::new().name("recordings".to_owned()).spawn(run)?;
        Ok((Self { jobs }, restored))
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

struct Folders {
    messages: PathBuf,
    calls: PathBuf,
}

impl Folders {
    fn of(&self, purpose: RecordingPurpose) -> &Path {
        match purpose {
            RecordingPurpose::Message => &self.messages,
            RecordingPurpose::Call => &self.calls,
        }
    }
}

fn path(folder: &Path, recording: RecordingId, kind: &str) -> PathBuf {
    folder.join(format!("{recording}.{kind}"))
}

fn kind_of(file: &Path) -> Option<&str> {
    file.extension().and_then(|kind| kind.to_str())
}

fn remove_rest(files: Vec<PathBuf>) -> io::Result<()> {
    if !files.is_empty() {
        warn!(removed = files.len(), "removed what was left of unfinished recordings");
    }
    for file in files {
        fs::remove_file(&file).or_else(|_| fs::remove_dir_all(&file))?;
    }
    Ok(())
}

/// The messages of the folder. What is no whole message is removed.
fn look_through_messages(folder: &Path) -> io::Result<Vec<VoicemailMessage>> {
    let mut messages = Vec::new();
    let mut rest = Vec::new();
    for entry in fs::read_dir(folder)? {
        let file = entry?.path();
        let is_whole = match kind_of(&file) {
            Some(DESCRIPTION) => describe(&file)
                .filter(|message: &VoicemailMessage| is_named(&file, message.id))
                .filter(|_| file.with_extension(SoundFormat::Wav.extension()).is_file())
                .map(|message| messages.push(message))
                .is_some(),
            Some("wav") => file.with_extension(DESCRIPTION).is_file(),
            _ => false,
        };
        if !is_whole {
            rest.push(file);
        }
    }
    remove_rest(rest)?;
    messages.sort_by_key(|message| (message.received_at, message.id));
    info!(messages = messages.len(), "voicemail of the last run");
    Ok(messages)
}

/// The recordings of the folder. Those that a crash cut short are mended, what cannot be heard is removed.
fn look_through_calls(folder: &Path) -> io::Result<Vec<Recording>> {
    let mut recordings = Vec::new();
    let files = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    let mut rest = Vec::new();
    for file in &files {
        match kind_of(file) {
            Some(DESCRIPTION) => match restore_call(folder, file) {
                Some(recording) => recordings.push(recording),
                None => rest.push(file.clone()),
            },
            Some("wav" | "ogg" | UNFINISHED) if file.with_extension(DESCRIPTION).is_file() => {}
            _ => rest.push(file.clone()),
        }
    }
    // What a description that went belonged to.
    let orphans: Vec<_> = rest
        .iter()
        .filter(|file| kind_of(file) == Some(DESCRIPTION))
        .flat_map(|file| ["wav", "ogg", UNFINISHED].map(|kind| file.with_extension(kind)))
        .filter(|file| file.is_file())
        .collect();
    remove_rest(rest)?;
    remove_rest(orphans)?;
    info!(recordings = recordings.len(), "recordings of the last run");
    Ok(recordings)
}

fn restore_call(folder: &Path, file: &Path) -> Option<Recording> {
    let mut recording: Recording =
        describe(file).filter(|recording: &Recording| is_named(file, recording.id))?;
    let sound = path(folder, recording.id, recording.format.extension());
    let unfinished = path(folder, recording.id, UNFINISHED);
    if unfinished.is_file() && !sound.is_file() {
        recording.state = RecordingState::Cut;
        let mended = file::mend(&unfinished, &recording).ok()??;
        fs::rename(&unfinished, &sound).ok()?;
        recording.duration_ms = mended;
        info!(recording = %recording.id, duration_ms = mended, "a recording was cut short by the end of the last run");
    } else if recording.state == RecordingState::Running {
        recording.state = RecordingState::Cut;
        recording.duration_ms = file::mend(&sound, &recording).ok()??;
    } else if !sound.is_file() {
        return None;
    }
    write_description(file, &recording)
        .map_err(|error| warn!(%error, "a description cannot be renewed"))
        .ok();
    Some(recording)
}

/// What a description tells of, if it is one.
fn describe<T: DeserializeOwned>(file: &Path) -> Option<T> {
    if fs::metadata(file).ok()?.len() > MAX_DESCRIPTION {
        return None;
    }
    serde_json::from_slice(&fs::read(file).ok()?).ok()
}

fn is_named(file: &Path, id: RecordingId) -> bool {
    file.file_stem().and_then(|stem| stem.to_str()).is_some_and(|stem| stem == id.to_string())
}

fn write_description<T: Serialize>(file: &Path, value: &T) -> io::Result<()> {
    write_private(file, &serde_json::to_vec(value)?)
}

struct Writer {
    folders: Folders,
    open: HashMap<RecordingId, Open>,
    /// The message that was last asked for as Ogg, and what it is so.
    as_ogg: Option<(RecordingId, Vec<u8>)>,
    lent: VecDeque<(RecordingId, Arc<[i16]>)>,
    switch: tokio::sync::mpsc::Sender<SwitchInput>,
}

/// A recording that goes on.
struct Open {
    leg: Option<LegId>,
    purpose: RecordingPurpose,
    /// `None` for one that cannot be written.
    file: Option<OpenFile>,
}

impl Writer {
    fn handle(&mut self, job: FileJob) {
        match job {
            FileJob::Part { recording, leg, file, part: RecordingPart::Audio(samples) } => {
                if let Err(error) = self.append(recording, (leg, file), &samples) {
                    error!(%error, %recording, "a recording cannot be written");
                    self.give_up(recording, (leg, file.purpose));
                    let open = Open { leg, purpose: file.purpose, file: None };
                    self.open.insert(recording, open);
                }
            }
            FileJob::Part { recording, leg, file, part: RecordingPart::End { end, samples } } => {
                let Some(open) = self.open.get_mut(&recording) else { return };
                let Some(writing) = &mut open.file else {
                    self.open.remove(&recording);
                    return;
                };
                match writing.finish(samples).and_then(|samples| self.keep(recording, samples)) {
                    Ok(length) => self.tell((leg, recording), end, length),
                    Err(error) => {
                        error!(%error, %recording, "a recording cannot be finished");
                        self.give_up(recording, (leg, file.purpose));
                    }
                }
            }
            FileJob::Cut { recording } => {
                let of = self.open.get(&recording).map(|open| (open.leg, open.purpose));
                self.give_up(recording, of.unwrap_or((None, RecordingPurpose::Call)));
            }
            FileJob::Lend { recording, samples } => {
                if self.lent.len() == MAX_LENT {
                    self.lent.pop_front();
                }
                self.lent.push_back((recording, samples));
            }
            FileJob::Play { worker, recording } => {
                let lent = self.lent.iter().find(|(lent, _)| *lent == recording);
                let samples = lent.map(|(_, samples)| Arc::clone(samples)).or_else(|| self.read(recording));
                let input = SwitchInput::RecordingRead { worker, recording, samples };
                drop(self.switch.blocking_send(input));
            }
            FileJob::Fetch { id, recording, format, offset } => {
                let result = match self.fetch_message(recording, format, offset) {
                    Ok((total, part)) => CommandResult::VoicemailSound { total, part: SoundBytes(part) },
                    Err(error) => {
                        warn!(%error, %recording, "a message cannot be read");
                        no_such_message()
                    }
                };
                drop(self.switch.blocking_send(SwitchInput::Reply { id, result }));
            }
            FileJob::FetchRecording { id, recording, format, offset } => {
                let file = path(&self.folders.calls, recording, format.extension());
                let result = match fetch(&file, offset) {
                    Ok((total, part)) => {
                        CommandResult::RecordingSound { format, total, part: SoundBytes(part) }
                    }
                    Err(error) => {
                        warn!(%error, %recording, "a recording cannot be read");
                        no_such_recording()
                    }
                };
                drop(self.switch.blocking_send(SwitchInput::Reply { id, result }));
            }
            FileJob::Keep(message) => {
                let file = path(&self.folders.messages, message.id, DESCRIPTION);
                if let Err(error) = write_description(&file, &message) {
                    error!(%error, "a message cannot be kept; it is lost with the next restart");
                }
            }
            FileJob::KeepRecording(recording) => {
                let file = path(&self.folders.calls, recording.id, DESCRIPTION);
                if let Err(error) = write_description(&file, &recording) {
                    error!(%error, "a recording's description cannot be kept");
                }
            }
            // Whoever waited may have given up.
            FileJob::Flush(done) => drop(done.try_send(())),
            FileJob::Discard(recording) => self.discard(recording),
        }
    }

    fn append(
        &mut self,
        recording: RecordingId,
        (leg, kind): (Option<LegId>, RecordingFile),
        samples: &[i16],
    ) -> io::Result<()> {
        let open = match self.open.entry(recording) {
            std::collections::hash_map::Entry::Occupied(open) => open.into_mut(),
            std::collections::hash_map::Entry::Vacant(vacant) => {
                let path = path(self.folders.of(kind.purpose), recording, UNFINISHED);
                let file = Some(OpenFile::create(&path, recording, kind)?);
                vacant.insert(Open { leg, purpose: kind.purpose, file })
            }
        };
        open.file.as_mut().map_or(Ok(()), |file| file.write(samples))
    }

    /// Gives a finished file its name; returns how long it is, in milliseconds, `None` for nothing at all.
    fn keep(&mut self, recording: RecordingId, samples: u64) -> io::Result<Option<u32>> {
        let Some(Open { purpose, file: Some(file), .. }) = self.open.get(&recording) else { return Ok(None) };
        let folder = self.folders.of(*purpose);
        let (format, rate) = (file.kind().format, file.rate());
        let unfinished = path(folder, recording, UNFINISHED);
        if samples == 0 {
            fs::remove_file(unfinished)?;
        } else {
            fs::rename(unfinished, path(folder, recording, format.extension()))?;
        }
        self.open.remove(&recording);
        Ok((samples > 0).then_some((samples * 1000 / u64::from(rate)) as u32))
    }

    /// A recording cannot go on. Of a call's there is what was written; a message is removed.
    fn give_up(&mut self, recording: RecordingId, (leg, purpose): (Option<LegId>, RecordingPurpose)) {
        let saved = match self.open.get_mut(&recording) {
            Some(Open { purpose: RecordingPurpose::Call, file: Some(file), .. }) => {
                file.save().and_then(|samples| self.keep(recording, samples))
            }
            _ => Ok(None),
        };
        let length = saved.unwrap_or_else(|error| {
            error!(%error, %recording, "what was recorded cannot be kept");
            None
        });
        let is_told = self.open.remove(&recording).is_some_and(|open| open.file.is_none());
        if length.is_none() {
            file::remove(&path(self.folders.of(purpose), recording, UNFINISHED));
        }
        if !is_told {
            self.tell((leg, recording), RecordingEnd::Failed, length);
        }
    }

    fn discard(&mut self, recording: RecordingId) {
        for folder in [&self.folders.messages, &self.folders.calls] {
            for kind in [DESCRIPTION, SoundFormat::Wav.extension(), SoundFormat::Ogg.extension()] {
                file::remove(&path(folder, recording, kind));
            }
        }
    }

    fn tell(&self, (leg, recording): (Option<LegId>, RecordingId), end: RecordingEnd, length: Option<u32>) {
        let (duration_ms, is_stored) = (length.unwrap_or(0), length.is_some());
        let event = MediaEvent::RecordingEnded { leg, recording, end, duration_ms, is_stored };
        drop(self.switch.blocking_send(SwitchInput::Media(event)));
    }

    /// A part of a message's sound, and how long the whole is.
    fn fetch_message(
        &mut self,
        recording: RecordingId,
        format: SoundFormat,
        offset: u64,
    ) -> io::Result<(u64, Vec<u8>)> {
        let file = path(&self.folders.messages, recording, SoundFormat::Wav.extension());
        if format == SoundFormat::Wav {
            return fetch(&file, offset);
        }
        if self.as_ogg.as_ref().is_none_or(|(last, _)| *last != recording) {
            self.as_ogg = Some((recording, as_ogg(&file, recording)?));
        }
        let bytes = self.as_ogg.as_ref().map_or(&[][..], |(_, bytes)| bytes);
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
        let end = (start + SoundBytes::MAX).min(bytes.len());
        Ok((bytes.len() as u64, bytes[start..end].to_vec()))
    }

    fn read(&self, recording: RecordingId) -> Option<Arc<[i16]>> {
        let file = fs::read(path(&self.folders.messages, recording, SoundFormat::Wav.extension())).ok()?;
        let pcm = wav::read(&file).map_err(|error| warn!(%error, "a recording cannot be read")).ok()?;
        Some(resample(&pcm.samples, pcm.sample_rate, WIDE_RATE).into())
    }
}

/// A part of a file, and how long the whole is.
fn fetch(file: &Path, offset: u64) -> io::Result<(u64, Vec<u8>)> {
    let mut file = File::open(file)?;
    let total = file.metadata()?.len();
    file.seek(SeekFrom::Start(offset.min(total)))?;
    let mut part = Vec::with_capacity(SoundBytes::MAX);
    file.take(SoundBytes::MAX as u64).read_to_end(&mut part)?;
    Ok((total, part))
}

/// A message as an Ogg file.
fn as_ogg(file: &Path, recording: RecordingId) -> io::Result<Vec<u8>> {
    let pcm = wav::read(&fs::read(file)?).map_err(io::Error::other)?;
    let samples = resample(&pcm.samples, pcm.sample_rate, WIDE_RATE);
    let mut writer = OggWriter::new(1, WIDE_RATE, MESSAGE_BITRATE, recording.as_u128() as u32)
        .map_err(io::Error::other)?;
    let mut bytes = writer.begin();
    bytes.extend(writer.write(&samples).map_err(io::Error::other)?);
    bytes.extend(writer.finish(samples.len() as u64).map_err(io::Error::other)?);
    Ok(bytes)
}

#[cfg(test)]
mod tests;

//! What becomes of recordings' files: restarts, crashes, full disks.

use ringdown_control::Party;
use ringdown_types::{Pii, UserId};

use super::*;

const CALL: RecordingFile =
    RecordingFile { format: SoundFormat::Wav, channels: 1, rate: WIDE_RATE, purpose: RecordingPurpose::Call };
const MESSAGE: RecordingFile = RecordingFile { purpose: RecordingPurpose::Message, ..CALL };

const RECORDING: RecordingId = RecordingId::from_u128(7);
const LEG: LegId = LegId::from_u128(1);

struct Stand {
    folder: tempfile::TempDir,
    recordings: Recordings,
    inputs: tokio::sync::mpsc::Receiver<SwitchInput>,
    restored: Restored,
    file: RecordingFile,
}

fn stand(folder: tempfile::TempDir) -> Stand {
    let (switch, inputs) = tokio::sync::mpsc::channel(16);
    let (recordings, restored) =
        Recordings::open(folder.path(), switch).expect("a folder that can be written");
    Stand { folder, recordings, inputs, restored, file: MESSAGE }
}

fn message() -> VoicemailMessage {
    let from = Party { user: None, number: Pii("101".to_owned()), name: Pii("alice".to_owned()) };
    let (user, received_at) = (UserId::from_u128(2), 1_700_000_000_000);
    VoicemailMessage { id: RECORDING, user, from, received_at, duration_ms: 500, is_heard: false }
}

impl Stand {
    fn part(&self, part: RecordingPart) {
        assert!(self.recordings.send(FileJob::Part {
            recording: RECORDING,
            leg: Some(LEG),
            file: self.file,
            part
        }));
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
        let names = fs::read_dir(self.folder.path().join(if self.file == MESSAGE {
            "voicemail"
        } else {
            "recordings"
        }))
        .expect("the folder");
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
    assert_eq!(stand.restored.messages, [message()]);
    assert!(stand.recordings.send(FileJob::Discard(RECORDING)));
    assert_eq!(stand.read(), None);
    assert_eq!(stand.names(), [""; 0]);
}

#[test]
fn a_sound_that_is_no_file_is_played_like_one() {
    let mut stand = stand(tempfile::tempdir().expect("a folder"));
    let samples: Arc<[i16]> = [1, 2, 3].into();
    assert!(stand.recordings.send(FileJob::Lend { recording: RECORDING, samples: Arc::clone(&samples) }));
    assert_eq!(stand.read(), Some(samples));
    for other in 0..MAX_LENT as u128 {
        let recording = RecordingId::from_u128(1000 + other);
        assert!(stand.recordings.send(FileJob::Lend { recording, samples: [4].into() }));
    }
    assert_eq!(stand.read(), None, "the oldest went");
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
        fs::create_dir_all(folder.path().join("voicemail")).expect("a folder");
        fs::write(folder.path().join("voicemail").join(name), bytes).expect("the folder can be written");
    }
    let stand = stand(folder);
    assert_eq!((stand.restored.messages.len(), stand.names()), (0, vec![]));
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
    let folder = stand.folder.path().join("voicemail");
    fs::remove_dir(&folder).expect("it is empty");
    fs::write(&folder, b"").expect("its parent can be written");
    stand.part(RecordingPart::Audio(vec![1; 3200]));
    assert_eq!(stand.ended(), (false, 0));
    stand.part(RecordingPart::End { end: RecordingEnd::Stopped, samples: 3200 });
    assert_eq!(stand.read(), None);
    fs::remove_file(&folder).expect("the file");
}

fn call(format: SoundFormat, channels: u8) -> RecordingFile {
    RecordingFile { format, channels, ..CALL }
}

fn recording(file: RecordingFile) -> Recording {
    Recording {
        id: RECORDING,
        owner: None,
        call: None,
        leg: None,
        room: None,
        parties: Vec::new(),
        started_at: 1_700_000_000_000,
        duration_ms: 0,
        format: file.format,
        channels: file.channels,
        state: RecordingState::Running,
    }
}

/// Two seconds of a tone, for each channel.
fn tone(file: RecordingFile) -> Vec<i16> {
    let step = std::f64::consts::TAU * 700.0 / f64::from(file.rate);
    let samples = (0..2 * file.rate).map(|index| ((f64::from(index) * step).sin() * 8000.0) as i16);
    samples.flat_map(|sample| std::iter::repeat_n(sample, usize::from(file.channels))).collect()
}

/// What a recording's file sounds like.
fn listen(stand: &Stand) -> ringdown_media::wav::Pcm {
    let file = path(&stand.folder.path().join("recordings"), RECORDING, stand.file.format.extension());
    let bytes = fs::read(file).expect("a recording");
    match stand.file.format {
        SoundFormat::Wav => wav::read(&bytes).expect("a WAV file"),
        SoundFormat::Ogg => ringdown_media::ogg::read(&bytes).expect("an Ogg file"),
    }
}

fn is_loud_throughout(pcm: &ringdown_media::wav::Pcm) -> bool {
    let frames = pcm.samples.chunks_exact(pcm.sample_rate as usize / 50);
    frames.skip(2).all(|frame| frame.iter().any(|sample| sample.unsigned_abs() > 4000))
}

#[test]
fn calls_are_stored_in_every_form_and_fetched() {
    for format in SoundFormat::ALL {
        for channels in [1, 2] {
            let mut stand = stand(tempfile::tempdir().expect("a folder"));
            stand.file = call(format, channels);
            assert!(stand.recordings.send(FileJob::KeepRecording(recording(stand.file))));
            for part in tone(stand.file).chunks(3200 * usize::from(channels)) {
                stand.part(RecordingPart::Audio(part.to_vec()));
            }
            stand.part(RecordingPart::End { end: RecordingEnd::Stopped, samples: 32_000 });
            assert_eq!(stand.ended(), (true, 2000), "{format:?} {channels}");
            let pcm = listen(&stand);
            assert_eq!(pcm.samples.len() as u32, 2 * pcm.sample_rate);
            assert!(is_loud_throughout(&pcm), "{format:?} {channels}");

            let id = CommandId(1);
            assert!(stand.recordings.send(FileJob::FetchRecording {
                id,
                recording: RECORDING,
                format,
                offset: 4
            }));
            match stand.inputs.blocking_recv() {
                Some(SwitchInput::Reply {
                    result: CommandResult::RecordingSound { total, part, .. },
                    ..
                }) => {
                    assert_eq!(part.0.len() as u64, total - 4);
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn a_crash_leaves_what_was_recorded_up_to_its_last_half_second() {
    for (format, least) in [(SoundFormat::Wav, 1999), (SoundFormat::Ogg, 1500)] {
        let mut before = stand(tempfile::tempdir().expect("a folder"));
        before.file = call(format, 1);
        assert!(before.recordings.send(FileJob::KeepRecording(recording(before.file))));
        for part in tone(before.file).chunks(3200) {
            before.part(RecordingPart::Audio(part.to_vec()));
        }
        before.recordings.flush();
        // Nothing ended it: the next program finds it.
        let mut after = stand(before.folder);
        after.file = call(format, 1);
        let [kept] = std::mem::take(&mut after.restored.recordings).try_into().expect("one");
        assert_eq!(kept.state, RecordingState::Cut);
        assert!((least..=2000).contains(&kept.duration_ms), "{format:?}: {} ms", kept.duration_ms);
        let pcm = listen(&after);
        assert_eq!((pcm.samples.len() as u64 * 1000 / u64::from(pcm.sample_rate)) as u32, kept.duration_ms);
        assert!(is_loud_throughout(&pcm));
        // Once mended it is as any other.
        let again = stand(after.folder);
        assert_eq!(again.restored.recordings, [kept]);
    }
}

#[test]
fn a_wav_file_that_was_copied_while_it_was_written_plays() {
    let mut stand = stand(tempfile::tempdir().expect("a folder"));
    stand.file = call(SoundFormat::Wav, 1);
    for part in tone(stand.file).chunks(3200) {
        stand.part(RecordingPart::Audio(part.to_vec()));
    }
    stand.recordings.flush();
    let bytes =
        fs::read(path(&stand.folder.path().join("recordings"), RECORDING, UNFINISHED)).expect("a file");
    let told = u32::from_le_bytes([bytes[40], bytes[41], bytes[42], bytes[43]]);
    assert!((32_000..=64_000).contains(&told), "{told} octets of 64,000");
}

#[test]
fn a_lost_part_ends_a_call_s_recording_and_keeps_what_was_before() {
    let mut stand = stand(tempfile::tempdir().expect("a folder"));
    stand.file = call(SoundFormat::Ogg, 1);
    for part in tone(stand.file).chunks(3200) {
        stand.part(RecordingPart::Audio(part.to_vec()));
    }
    assert!(stand.recordings.send(FileJob::Cut { recording: RECORDING }));
    let (is_stored, length) = stand.ended();
    assert!(is_stored && (1500..=2000).contains(&length), "{length} ms");
    assert!(is_loud_throughout(&listen(&stand)));
}

#[test]
fn a_message_is_had_as_ogg_too() {
    let mut stand = stand(tempfile::tempdir().expect("a folder"));
    assert_eq!(stand.record(&tone(MESSAGE), 32_000), (true, 2000));
    let job = FileJob::Fetch { id: CommandId(1), recording: RECORDING, format: SoundFormat::Ogg, offset: 0 };
    assert!(stand.recordings.send(job));
    match stand.inputs.blocking_recv() {
        Some(SwitchInput::Reply { result: CommandResult::VoicemailSound { total, part }, .. }) => {
            assert_eq!(part.0.len() as u64, total);
            assert_eq!(ringdown_media::ogg::read(&part.0).expect("Ogg").samples.len(), 96_000);
        }
        other => panic!("{other:?}"),
    }
}

/// A disk of 256 KiB. Where the system lets nobody make one, the test says so and passes.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = std::process::Command::new("mount");
        command.args(["-t", "tmpfs", "-o", "size=256k", "tmpfs"]).arg(folder.path());
        let is_mounted = command.status().is_ok_and(|status| status.success());
        if !is_mounted {
            eprintln!("no small disk can be mounted here: not tested");
        }
        is_mounted.then_some(Self(folder))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[test]
fn a_disk_that_fills_up_keeps_what_fitted_and_takes_recordings_again_once_there_is_room() {
    let Some(disk) = SmallDisk::mount() else { return };
    for format in SoundFormat::ALL {
        let (switch, inputs) = tokio::sync::mpsc::channel(16);
        let (recordings, restored) = Recordings::open(disk.0.path(), switch).expect("a small disk");
        let folder = tempfile::tempdir().expect("a folder");
        let mut stand = Stand { folder, recordings, inputs, restored, file: call(format, 1) };
        assert!(stand.recordings.send(FileJob::KeepRecording(recording(stand.file))));
        // Half a minute takes 960 KiB, or 90 KiB as Ogg: there the disk is made fuller first.
        let ballast = disk.0.path().join("ballast");
        if format == SoundFormat::Ogg {
            fs::write(&ballast, vec![1; 210 * 1024]).expect("room for that");
        }
        for _ in 0..15 {
            for part in tone(stand.file).chunks(3200) {
                stand.part(RecordingPart::Audio(part.to_vec()));
            }
        }
        let (is_stored, length) = stand.ended();
        assert!(is_stored && (1000..29_000).contains(&length), "{format:?}: {length} ms");
        let sound = path(&disk.0.path().join("recordings"), RECORDING, format.extension());
        let bytes = fs::read(sound).expect("what fitted");
        let pcm = match format {
            SoundFormat::Wav => wav::read(&bytes).expect("it plays"),
            SoundFormat::Ogg => ringdown_media::ogg::read(&bytes).expect("it plays"),
        };
        // An encoder keeps some milliseconds back.
        let heard = (pcm.samples.len() as u64 * 1000 / u64::from(pcm.sample_rate)) as u32;
        assert!(heard <= length && length - heard < 10, "{heard} of {length} ms");
        assert!(is_loud_throughout(&pcm), "{format:?}");
        stand.part(RecordingPart::End { end: RecordingEnd::Stopped, samples: 480_000 });

        let _ = fs::remove_file(&ballast);
        assert!(stand.recordings.send(FileJob::Discard(RECORDING)));
        for part in tone(stand.file).chunks(3200) {
            stand.part(RecordingPart::Audio(part.to_vec()));
        }
        stand.part(RecordingPart::End { end: RecordingEnd::Stopped, samples: 32_000 });
        assert_eq!(stand.ended(), (true, 2000), "there is room again");
        assert!(stand.recordings.send(FileJob::Discard(RECORDING)));
        stand.recordings.flush();
    }
}

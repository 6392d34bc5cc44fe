//! Audio checks for scripts: makes test tones, and tells what a WAV file holds.
//!
//! ```text
//! audio-check make FILE.wav --hz 440 --seconds 30 --rate 48000 --level -12
//! audio-check tone FILE.wav --hz 440 --only --window 2:8
//! audio-check silence FILE.wav --window 3:5
//! ```
//!
//! `tone` and `silence` print one JSON object and exit with 0 if it is so, 1 if not; 2 is a wrong call or an
//! unreadable file.

use std::{process::ExitCode, str::FromStr, time::Duration};

use ringdown_testkit::audio::{self, ToneReport};

const USAGE: &str = "usage:
  audio-check make FILE.wav --hz HZ [--seconds 10] [--rate 48000] [--level -12]
  audio-check tone FILE.wav [--hz HZ] [--only] [--purity 0.98] [--min-level -55] [--window FROM:TO]
  audio-check silence FILE.wav [--max-level -55] [--window FROM:TO]
FROM and TO are seconds; either may be left out, and a negative one counts from the end.
Without --hz, `tone` only reports.";

fn main() -> ExitCode {
    match run(std::env::args().skip(1).collect()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("audio-check: {message}\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: Vec<String>) -> Result<bool, String> {
    let mut options = Options(arguments);
    let command = options.positional()?;
    let file = options.positional()?;
    match command.as_str() {
        "make" => make(&file, options),
        "tone" => tone(&file, options),
        "silence" => silence(&file, options),
        _ => Err(format!("unknown command {command}")),
    }
}

fn make(file: &str, mut options: Options) -> Result<bool, String> {
    let hz: f64 = options.value("--hz")?.ok_or("--hz is missing")?;
    let seconds: f64 = options.value("--seconds")?.unwrap_or(10.0);
    let rate: u32 = options.value("--rate")?.unwrap_or(48_000);
    let level: f64 = options.value("--level")?.unwrap_or(-12.0);
    options.end()?;
    if !(0.0..=3600.0).contains(&seconds) || !(1_000..=192_000).contains(&rate) {
        return Err("--seconds is at most 3600, --rate 1000 to 192000".to_owned());
    }
    let samples = audio::Tone::new(hz, rate, level).samples((seconds * f64::from(rate)) as usize);
    audio::write_wav(file, &samples, rate).map_err(|error| error.to_string())?;
    Ok(true)
}

fn tone(file: &str, mut options: Options) -> Result<bool, String> {
    let hz: Option<f64> = options.value("--hz")?;
    let only = options.flag("--only");
    let purity: f64 = options.value("--purity")?.unwrap_or(audio::PURE);
    let min_level: f64 = options.value("--min-level")?.unwrap_or(audio::SILENCE_DBFS);
    let heard = Heard::of(file, options)?;
    let report = heard.report;
    let is_tone = hz.is_none_or(|hz| (report.dominant_hz - hz).abs() <= audio::TONE_WIDTH_HZ);
    let passed =
        is_tone && (hz.is_none() || report.level_dbfs > min_level) && (!only || report.purity >= purity);
    heard.print(passed, hz);
    Ok(passed)
}

fn silence(file: &str, mut options: Options) -> Result<bool, String> {
    let max_level: f64 = options.value("--max-level")?.unwrap_or(audio::SILENCE_DBFS);
    let heard = Heard::of(file, options)?;
    let passed = heard.seconds > 0.0 && heard.report.level_dbfs <= max_level;
    heard.print(passed, None);
    Ok(passed)
}

/// What a file, or a window of it, holds.
struct Heard {
    samples: Vec<i16>,
    report: ToneReport,
    rate: u32,
    seconds: f64,
}

impl Heard {
    fn of(file: &str, mut options: Options) -> Result<Self, String> {
        let window: Option<String> = options.value("--window")?;
        options.end()?;
        let recording = audio::read_wav(file).map_err(|error| format!("{file}: {error}"))?;
        let (from, to) = match window {
            Some(window) => window_of(&window, recording.duration())?,
            None => (Duration::ZERO, Duration::MAX),
        };
        let samples = recording.window(from, to).to_vec();
        let seconds = samples.len() as f64 / f64::from(recording.rate.max(1));
        let report = audio::analyse(&samples, recording.rate);
        Ok(Self { samples, report, rate: recording.rate, seconds })
    }

    fn print(&self, passed: bool, hz: Option<f64>) {
        let ToneReport { dominant_hz, level_dbfs, purity } = self.report;
        let Self { samples, rate, seconds, .. } = self;
        let hz = hz.filter(|&hz| self.report.is_tone(hz)).unwrap_or(dominant_hz);
        let breaks = audio::count_discontinuities(samples, *rate, hz);
        let silence = audio::longest_silence(samples, *rate).as_millis();
        println!(
            "{{\"ok\":{passed},\"dominant_hz\":{dominant_hz:.1},\"level_dbfs\":{level_dbfs:.1},\
             \"purity\":{purity:.4},\"rate\":{rate},\"seconds\":{seconds:.3},\
             \"discontinuities\":{breaks},\"longest_silence_ms\":{silence}}}"
        );
    }
}

/// `FROM:TO` in seconds; an end left out is the recording's, a negative one counts back from its end.
fn window_of(window: &str, duration: Duration) -> Result<(Duration, Duration), String> {
    let wrong = || format!("--window {window} is not FROM:TO in seconds");
    let (from, to) = window.split_once(':').ok_or_else(wrong)?;
    let point = |text: &str, default: Duration| -> Result<Duration, String> {
        if text.is_empty() {
            return Ok(default);
        }
        let seconds: f64 = text.parse().map_err(|_| wrong())?;
        let seconds = if seconds < 0.0 { (duration.as_secs_f64() + seconds).max(0.0) } else { seconds };
        Duration::try_from_secs_f64(seconds).map_err(|_| wrong())
    };
    Ok((point(from, Duration::ZERO)?, point(to, duration)?))
}

/// Arguments not read yet.
struct Options(Vec<String>);

impl Options {
    fn positional(&mut self) -> Result<String, String> {
        match self.0.first() {
            Some(first) if !first.starts_with("--") => Ok(self.0.remove(0)),
            _ => Err("a command and a file are needed first".to_owned()),
        }
    }

    fn flag(&mut self, name: &str) -> bool {
        let found = self.0.iter().position(|argument| argument == name);
        found.map(|index| self.0.remove(index)).is_some()
    }

    fn value<T: FromStr>(&mut self, name: &str) -> Result<Option<T>, String> {
        let Some(index) = self.0.iter().position(|argument| argument == name) else { return Ok(None) };
        self.0.remove(index);
        if index == self.0.len() {
            return Err(format!("{name} needs a value"));
        }
        let value = self.0.remove(index);
        value.parse().map(Some).map_err(|_| format!("{name} {value} is not understood"))
    }

    fn end(self) -> Result<(), String> {
        self.0.first().map_or(Ok(()), |unknown| Err(format!("unknown option {unknown}")))
    }
}

// Several people with a voice of their own in one browser: each page's microphone speaks another tone.

import path from "node:path";
import { heard, openBrowser } from "./person.mjs";
import { openWidget } from "./widget.mjs";

const recorder = path.join(import.meta.dirname, "recorder.js");

/** Runs in the page before its own scripts: its microphone is a tone. */
const speak = (hz) => {
  const devices = globalThis.navigator.mediaDevices;
  const real = devices?.getUserMedia.bind(devices);
  if (!devices) return;
  const NativeContext = globalThis.AudioContext;
  devices.getUserMedia = async (constraints) => {
    const stream = await real(constraints);
    const [microphone] = stream.getAudioTracks();
    if (!microphone) return stream;
    const context = new NativeContext();
    const tone = context.createOscillator();
    tone.frequency.value = hz;
    const quieter = context.createGain();
    quieter.gain.value = 0.2;
    const end = context.createMediaStreamDestination();
    tone.connect(quieter).connect(end);
    tone.start();
    const [track] = end.stream.getAudioTracks();
    const stop = track.stop.bind(track);
    // Copies of the track may go on: the tone does.
    track.stop = () => {
      stop();
      microphone.stop();
    };
    track.getSettings = () => microphone.getSettings();
    return new globalThis.MediaStream([track, ...stream.getVideoTracks()]);
  };
};

/** What a page hears from now on: `seconds` of it, after a while in which what was on its way and what is played are over. */
export async function hears(page, name, seconds = 0.8) {
  const marks = await page.evaluate(() => globalThis.__recordings.map(({ blocks }) => blocks.length));
  const needed = Math.ceil(((1.2 + seconds) * 48_000) / 128);
  await page.waitForFunction(([before, count]) => globalThis.__recordings.some(({ blocks }, which) => blocks.length >= (before[which] ?? 0) + count), [marks, needed]);
  // Of several connections, the one that is not silent.
  const which = await page.evaluate((blocks) => {
    const energy = (recording) => recording.blocks.slice(-blocks).reduce((sum, block) => sum + block.reduce((part, value) => part + value * value, 0), 0);
    const all = globalThis.__recordings.map(energy);
    return all.indexOf(Math.max(...all));
  }, Math.floor((seconds * 48_000) / 128));
  const recording = await heard(page, name, which);
  return { ...recording, samples: recording.samples.subarray(-Math.floor(seconds * recording.rate)), startedAt: 0 };
}

/**
 * Opens one browser with a widget for each of `people`: `{ name: { account, hz } }`, after `prepare` had each one's context.
 * The result has a widget by name, and `close`.
 */
export async function openVoices(url, people, prepare = async () => {}) {
  const { browser } = await openBrowser(1000);
  const open = async ([name, { account, hz, locale }]) => {
    const context = await browser.newContext({
      bypassCSP: true, acceptDownloads: true, viewport: { width: 400, height: 720 }, permissions: ["microphone"], ...(locale ? { locale } : {}),
    });
    await context.addInitScript(speak, hz);
    await context.addInitScript({ path: recorder });
    await prepare(context);
    return [name, await openWidget(context, url, account, "/phone.html")];
  };
  const widgets = await Promise.all(Object.entries(people).map(open));
  return { ...Object.fromEntries(widgets), close: () => browser.close() };
}

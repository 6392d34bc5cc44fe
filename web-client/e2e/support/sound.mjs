// What a recording holds: when a tone was there, and when it was not.

/** Ten milliseconds: a hundredth of a second. */
const BLOCKS_PER_SECOND = 100;

/** Whether the tone is most of the sound, for each 10 ms of the recording. */
function toneBlocks({ samples, rate }, hz) {
  const block = rate / BLOCKS_PER_SECOND;
  const blocks = [];
  for (let start = 0; start + block <= samples.length; start += block) {
    let energy = 0;
    let cosine = 0;
    let sine = 0;
    for (let index = start; index < start + block; index++) {
      const sample = samples[index] / 32_768;
      const angle = (2 * Math.PI * hz * index) / rate;
      energy += sample * sample;
      cosine += sample * Math.cos(angle);
      sine += sample * Math.sin(angle);
    }
    blocks.push(energy / block > 1e-4 && (2 * (cosine * cosine + sine * sine)) / block > 0.6 * energy);
  }
  return blocks;
}

const blockAt = (recording, time) =>
  Math.max(0, Math.floor(((time - recording.startedAt) * BLOCKS_PER_SECOND) / 1000));

/** When a tone was first heard from `after` on, in Unix milliseconds. */
export function firstHeardAt(recording, hz, after) {
  const first = toneBlocks(recording, hz).indexOf(true, blockAt(recording, after));
  return first < 0 ? undefined : recording.startedAt + (first * 1000) / BLOCKS_PER_SECOND;
}

/** The longest time without the tone between two moments, in milliseconds. */
export function longestLoss(recording, hz, from, to) {
  const all = toneBlocks(recording, hz);
  if (recording.startedAt > from || all.length < blockAt(recording, to)) {
    throw new Error("the recording does not cover the time between the two moments");
  }
  const blocks = all.slice(blockAt(recording, from), blockAt(recording, to));
  return Math.max(...runs(blocks).filter(({ tone }) => !tone).map(({ milliseconds }) => milliseconds), 0);
}

/** Tone and silence in turn from `after` on, each in milliseconds, beginning with the first tone. */
export function cadence(recording, hz, after) {
  const all = runs(toneBlocks(recording, hz).slice(blockAt(recording, after)));
  return all.slice(all.findIndex(({ tone }) => tone)).map(({ milliseconds }) => milliseconds);
}

/**
 * How much of the sound between two moments each tone is: shares of its energy, by tone; they sum up to 1 where nothing else
 * is heard. Silence has none.
 */
export function sharesOf({ samples, rate, startedAt }, tones, from, to) {
  const window = rate / 10;
  const [first, last] = [from, to].map((time) => Math.round(((time - startedAt) * rate) / 1000));
  if (first < 0 || last > samples.length) throw new Error("the recording does not cover the time between the two moments");
  let energy = 0;
  const power = tones.map(() => 0);
  for (let start = first; start + window <= last; start += window) {
    const part = samples.subarray(start, start + window);
    for (const sample of part) energy += sample * sample;
    tones.forEach((hz, which) => {
      let cosine = 0;
      let sine = 0;
      const step = (2 * Math.PI * hz) / rate;
      for (let index = 0; index < window; index++) {
        cosine += part[index] * Math.cos(step * index);
        sine += part[index] * Math.sin(step * index);
      }
      power[which] += (2 * (cosine * cosine + sine * sine)) / window;
    });
  }
  // Less than a whisper.
  return power.map((one) => (energy / (last - first) < 100 ? 0 : one / energy));
}

function runs(blocks) {
  const found = [];
  for (const tone of blocks) {
    if (found.at(-1)?.tone !== tone) found.push({ tone, milliseconds: 0 });
    found.at(-1).milliseconds += 1000 / BLOCKS_PER_SECOND;
  }
  return found;
}

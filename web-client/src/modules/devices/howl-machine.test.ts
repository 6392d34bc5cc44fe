import { describe, expect, it } from 'vitest';
import { QUIET, momentOf, stepHowl, type HowlState } from './howl-machine.js';

const HZ_PER_BIN = 48_000 / 2048;

/** A spectrum of tones over a floor; each spreads over its neighbours as a Blackman window does it. */
const spectrum = (floor: number, ...tones: (readonly [hz: number, level: number])[]): Float32Array => {
  const bins = new Float32Array(1024).fill(floor);
  for (const [hz, level] of tones) {
    const middle = Math.round(hz / HZ_PER_BIN);
    for (const [away, drop] of [[0, 0], [1, 7], [2, 27], [3, 60]] as const) {
      for (const bin of [middle - away, middle + away]) bins[bin] = Math.max(bins[bin] ?? floor, level - drop);
    }
  }
  return bins;
};

/** When it howls, in tenths of a second. */
const play = (at: (tenth: number) => Float32Array, tenths = 60): number[] => {
  let state: HowlState = QUIET;
  const howls = [];
  for (let tenth = 0; tenth < tenths; tenth += 1) {
    state = stepHowl(state, momentOf(at(tenth), HZ_PER_BIN), tenth * 100);
    if (state.howling) howls.push(tenth);
  }
  return howls;
};

describe('a loop between two devices', () => {
  it('is a tone that grows and stays, told after a second and a half and over a second after it', () => {
    const howls = play((tenth) => (tenth < 10 || tenth >= 40 ? spectrum(-95) : spectrum(-95, [2100, -70 + 3 * Math.min(tenth - 10, 15)])));
    expect([howls[0], howls.at(-1)]).toEqual([34, 48]);
  });

  it('is no voice, no melody, no noise, no hum and nothing soft', () => {
    const voice = (tenth: number): Float32Array => {
      const pitch = 140 + 25 * Math.sin(tenth / 3);
      return tenth % 5 === 4 ? spectrum(-90) : spectrum(-80, ...[1, 2, 3, 4, 5, 6].map((harmonic) => [pitch * harmonic, -30 - 2 * harmonic] as const));
    };
    expect(play(voice)).toEqual([]);
    expect(play((tenth) => spectrum(-90, [[523, 659, 784, 1047][Math.floor(tenth / 8) % 4] ?? 0, -25]))).toEqual([]);
    expect(play(() => spectrum(-50))).toEqual([]);
    expect(play(() => spectrum(-95, [50, -20]))).toEqual([]);
    expect(play(() => spectrum(-110, [1800, -60]))).toEqual([]);
    expect(play(() => new Float32Array(1024).fill(-Infinity))).toEqual([]);
  });
});

import { afterEach, describe, expect, it, vi } from 'vitest';
import { ringtoneSamples } from '../../media/ringtone.js';
import { newStory } from '../../testing/story.js';
import { DeviceMemory } from './device-memory.js';
import { RINGTONE_NAMES, RINGTONES } from './ringtones.js';

const newStore = (text: string | null = null) => ({
  text,
  getItem() { return this.text; },
  setItem(_: string, text: string) { this.text = text; },
});

afterEach(() => vi.unstubAllGlobals());

describe('remembered devices', () => {
  it('are those of the last visit', () => {
    const store = newStore();
    const first = newStory();
    const memory = new DeviceMemory(first.client, store);
    first.client.audio.setInput('headset');
    memory.ringtone = 'chime';
    memory.volume = 1;
    const { client, media } = newStory();
    const again = new DeviceMemory(client, store);
    expect(client.audio.input).toBe('headset');
    expect(again.ringtone).toBe('chime');
    expect(media.ringtone?.notes).toEqual(RINGTONES.chime.notes);
    expect(media.ringtone?.level).toBeCloseTo(0.44);
  });

  it.each(['', 'null', '{', '[]', '{"devices":{"input":"headset"},"volume":9,"ringtone":"x"}', '{"devices":{"input":[{"id":7},null,{"id":"","label":""}]}}'])(
    'are none where the store holds %j', (text) => {
      const { client } = newStory();
      const memory = new DeviceMemory(client, newStore(text));
      expect(client.audio.input).toBe('');
      expect([memory.ringtone, memory.volume]).toEqual(['mallets', 0.5]);
    });

  it('follow another tab, and nothing after the end', () => {
    const page = new EventTarget();
    vi.stubGlobal('window', page);
    const store = newStore();
    const [here, there] = [newStory(), newStory()];
    const memory = new DeviceMemory(here.client, store);
    const other = new DeviceMemory(there.client, store);
    const tell = () => page.dispatchEvent(Object.assign(new Event('storage'), { key: 'ringdown.devices' }));
    there.client.audio.setRing('speaker');
    tell();
    expect(here.client.audio.ring).toBe('speaker');
    memory.destroy();
    there.client.audio.setRing('');
    tell();
    expect(here.client.audio.ring).toBe('speaker');
    other.destroy();
  });

  it('hold where nothing can be stored', () => {
    const { client } = newStory();
    const memory = new DeviceMemory(client, { getItem: () => null, setItem: () => { throw new DOMException('full', 'QuotaExceededError'); } });
    client.audio.setInput('headset');
    memory.volume = 0;
    expect([client.audio.input, memory.volume]).toEqual(['headset', 0]);
  });
});

it.each(RINGTONE_NAMES.filter((name) => name !== 'silent'))('the ringtone %s is audible, never clips, and ends in silence', (name) => {
  const samples = ringtoneSamples(16_000, RINGTONES[name]);
  const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  expect(peak).toBeGreaterThan(0.1);
  // At full volume it is twice as loud.
  expect(peak).toBeLessThan(0.5);
  expect(Math.abs(samples.at(-1) ?? 1)).toBeLessThan(0.005);
});

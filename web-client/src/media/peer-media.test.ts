import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakePeer, FakeStream, fakeVideoTrack } from '../testing/fake-peer.js';
import type { Devices } from './devices.js';
import type { Microphone } from './microphone.js';
import { PeerMedia } from './peer-media.js';
import type { Sound } from './sound.js';

let peer: FakePeer;
let negotiations: number;

const remember = (opened: FakePeer): void => { peer = opened; };

beforeEach(() => {
  negotiations = 0;
  vi.stubGlobal('RTCPeerConnection', class extends FakePeer {
    constructor() {
      super();
      remember(this);
    }
  });
  vi.stubGlobal('MediaStream', FakeStream);
});
afterEach(() => vi.unstubAllGlobals());

/** A call's media between whose steps as much time passes as a browser takes. */
const open = (): PeerMedia => new PeerMedia([], {
  microphone: {} as unknown as Microphone,
  sound: { openElement: () => ({}), closeElement: () => undefined, play: () => undefined } as unknown as Sound,
  devices: { retry: () => undefined, open: () => Promise.resolve(fakeVideoTrack()) } as unknown as Devices,
  onClosed: () => undefined,
}, {
  onCandidate: () => undefined, onConnection: () => undefined, onMicrophoneLost: () => undefined,
  onVideo: () => undefined, onVideoLost: () => undefined, onNegotiation: () => { negotiations += 1; },
});

const server = (type: 'offer' | 'answer', ...sections: string[]) => ({ type, sdp: FakePeer.sdp(sections) });
const AUDIO = 'audio 0';
const CAMERA = 'video 1';

/** A call that is under way. */
const talking = async (): Promise<PeerMedia> => {
  const media = open();
  await media.offer();
  await media.acceptAnswer(server('answer', AUDIO));
  return media;
};

describe('offers that cross', () => {
  it('takes an offer that comes right behind the answer to the own one', async () => {
    const media = await talking();
    await media.startVideo('camera');
    const offered = await media.reoffer();
    expect(offered?.sdp).toBe(FakePeer.sdp([AUDIO, CAMERA]));
    const accepted = media.acceptAnswer(server('answer', AUDIO, CAMERA));
    const answer = media.answer(server('offer', AUDIO, CAMERA));
    await accepted;
    expect(await answer).toEqual(server('answer', AUDIO, CAMERA));
  });

  it('leaves an offer that comes while the own one is being made', async () => {
    const media = await talking();
    await media.startVideo('camera');
    const [offer, answer] = await Promise.all([media.reoffer(), media.answer(server('offer', AUDIO, CAMERA))]);
    expect(offer?.type).toBe('offer');
    expect(answer).toBeNull();
    expect(peer.rollbacks).toBe(0);
  });

  it('gives a camera the section that the server offered at the same moment', async () => {
    const media = await talking();
    const answer = media.answer(server('offer', AUDIO, CAMERA));
    await media.startVideo('camera');
    await answer;
    await media.reoffer();
    expect(peer.videos()).toEqual([{ mid: '1', direction: 'sendrecv', sends: true }]);
    await media.acceptAnswer(server('answer', AUDIO, CAMERA));
    expect(peer.videos()).toHaveLength(1);
  });

  it('asks to offer what is shown while the own offer is under way', async () => {
    const media = await talking();
    await media.restart();
    await media.startVideo('camera');
    expect(await media.reoffer()).toBeNull();
    negotiations = 0;
    await media.acceptAnswer(server('answer', AUDIO));
    expect(negotiations).toBe(1);
    expect((await media.reoffer())?.sdp).toBe(FakePeer.sdp([AUDIO, CAMERA]));
    negotiations = 0;
    await media.acceptAnswer(server('answer', AUDIO, CAMERA));
    expect(negotiations).toBe(0);
  });

  it('offers a screen behind a place for the camera, whatever the server offers meanwhile', async () => {
    vi.stubGlobal('navigator', { mediaDevices: { getDisplayMedia: () => Promise.resolve(new FakeStream([fakeVideoTrack()])) } });
    const media = await talking();
    const answer = media.answer(server('offer', AUDIO, CAMERA));
    await media.startVideo('screen');
    await answer;
    expect((await media.reoffer())?.sdp).toBe(FakePeer.sdp([AUDIO, CAMERA, 'video 2']));
    expect(peer.videos().map(({ sends }) => sends)).toEqual([false, true]);
  });
});

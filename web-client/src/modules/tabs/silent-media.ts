// The media of a tab that does not lead: none. The leader has the microphone, the sound and the ringing.
import { clientError } from '../../errors.js';
import { NO_VIDEO, type CallMedia, type CallMediaHandlers, type MediaEngine } from '../../media/port.js';

/** Marks a description that describes nothing: the leader's is sent in its place. */
const silentCall = (handlers: CallMediaHandlers): CallMedia => {
  let closed = false;
  const offer = { type: 'offer', sdp: 'of another tab' } as const;
  // What the leader's audio does is the leader's to mend.
  queueMicrotask(() => {
    if (!closed) handlers.onConnection('connected');
  });
  const nothing = (): void => undefined;
  const done = (): Promise<void> => Promise.resolve();
  return {
    offer: () => Promise.resolve(offer),
    answer: () => Promise.resolve({ type: 'answer', sdp: offer.sdp }),
    restart: () => Promise.resolve(offer),
    reoffer: () => Promise.resolve(null),
    acceptAnswer: done, readyMicrophone: done, openMicrophone: done,
    addCandidate: nothing, closeMicrophone: nothing, stopVideo: nothing, setShowing: nothing, setSending: nothing, setAudible: nothing,
    startVideo: () => Promise.reject(clientError('video-refused', {
      message: 'Another tab of this browser holds the call.', solutions: ['Switch the camera on there.'],
    })),
    levels: () => Promise.resolve({ local: 0, remote: 0 }),
    stats: () => Promise.resolve(null),
    offersVideo: false, video: NO_VIDEO,
    close: () => { closed = true; },
  };
};

/** The media engine of a tab that may come to lead. */
export class TabMedia {
  readonly engine: MediaEngine;
  #wantsRinging = false;

  constructor(real: MediaEngine, leads: () => boolean) {
    const instead: Partial<MediaEngine> = {
      openCall: (iceServers, handlers) => (leads() ? real.openCall(iceServers, handlers) : silentCall(handlers)),
      startRinging: () => {
        this.#wantsRinging = true;
        if (leads()) real.startRinging();
      },
      stopRinging: () => {
        this.#wantsRinging = false;
        real.stopRinging();
      },
      startTone: (tone) => { if (leads()) real.startTone(tone); },
    };
    this.engine = new Proxy(real, {
      get: (target, key) => {
        const value: unknown = Reflect.get(instead, key) ?? Reflect.get(target, key, target);
        return typeof value === 'function' ? (value as (...args: never[]) => unknown).bind(target) : value;
      },
    });
    this.lead = () => { if (this.#wantsRinging) real.startRinging(); };
    this.follow = () => real.stopRinging();
  }

  /** It leads from here on: what rings, rings here. */
  readonly lead: () => void;
  /** It does not. */
  readonly follow: () => void;
}

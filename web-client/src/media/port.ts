// What the rest of the library knows of media. Tests put a fake in its place.
import type { CallTones, Description, IceServer } from '../protocol/generated.js';
import type { RingdownError } from '../errors.js';
import type { CallTone } from './call-tones.js';
import type { DevicePreference, DeviceRole } from './device-choice.js';
import type { AudioProcessor } from './microphone.js';
import type { Ringtone } from './ringtone.js';

/** What the audio connection of a call does. */
export type MediaConnection = 'connecting' | 'connected' | 'interrupted' | 'failed';

/** One of the two video streams of a side. */
export type VideoKind = 'camera' | 'screen';

/** What a call shows and is shown; each is null while there is nothing to see. */
export interface CallVideo {
  /** The user's camera. */
  readonly camera: MediaStream | null;
  /** The user's screen. */
  readonly screen: MediaStream | null;
  /** The other side's camera. */
  readonly remoteCamera: MediaStream | null;
  /** The other side's screen. */
  readonly remoteScreen: MediaStream | null;
}

/** A call without video. */
export const NO_VIDEO: CallVideo = { camera: null, screen: null, remoteCamera: null, remoteScreen: null };

/** What a call's media says. */
export interface CallMediaHandlers {
  /** A candidate for the server; null at the end of candidates. */
  onCandidate: (candidate: string | null) => void;
  onConnection: (state: MediaConnection) => void;
  /** The microphone was lost during the call and could not be replaced, or could not be opened at all. */
  onMicrophoneLost: (error: RingdownError) => void;
  /** What is shown on either side has changed. */
  onVideo: () => void;
  /** A camera was lost during the call, or a video stream was refused. */
  onVideoLost: (error: RingdownError) => void;
  /** What is sent no longer fits what was agreed: `reoffer` is due. */
  onNegotiation: () => void;
}

/** How loud a call is, 0 to 1. */
export interface Levels {
  /** The user. */
  readonly local: number;
  /** The other side. */
  readonly remote: number;
}

/** The media of one call. */
export interface CallMedia {
  /** The first offer. Nothing is sent until `openMicrophone`. */
  offer(): Promise<Description>;
  /** Answers an offer of the server's, first or later; null where an own one is under way, which makes it void. */
  answer(offer: Description): Promise<Description | null>;
  /** Takes the server's answer; one that answers no offer of ours is ignored. */
  acceptAnswer(answer: Description): Promise<void>;
  /** A candidate of the server's; null at the end of candidates. */
  addCandidate(candidate: string | null): void;
  /** A new offer that restarts ICE. */
  restart(): Promise<Description>;
  /** An offer of what has changed; null while another description is under way. */
  reoffer(): Promise<Description | null>;
  /** What is shown on either side. */
  readonly video: CallVideo;
  /** Whether the other side means to show its camera, also before its first picture. */
  readonly offersVideo: boolean;
  /** Opens the camera, or lets the user choose a screen, and sends it. */
  startVideo(kind: VideoKind): Promise<void>;
  /** Sends it no more, and closes it. */
  stopVideo(kind: VideoKind): void;
  /** Whether pictures are sent; black ones otherwise. */
  setShowing(showing: boolean): void;
  /** Opens the microphone and sends nothing of it, so that `openMicrophone` need not wait for the device. */
  readyMicrophone(): Promise<void>;
  /** Opens the microphone and sends it. */
  openMicrophone(): Promise<void>;
  /** Sends nothing again. */
  closeMicrophone(): void;
  /** Whether the microphone's sound is sent; silence is sent otherwise. */
  setSending(sending: boolean): void;
  /** Whether the other side is heard. */
  setAudible(audible: boolean): void;
  /** How loud both sides are. */
  levels(): Promise<Levels>;
  /** What the browser measures; null once closed. */
  stats(): Promise<RTCStatsReport | null>;
  /** Closes everything of this call's. */
  close(): void;
}

/** What kind of device. */
export type DeviceKind = 'input' | 'output' | 'camera';

/** A microphone, loudspeaker or camera. */
export interface AudioDevice {
  readonly id: string;
  readonly kind: DeviceKind;
  /** Empty until the user has allowed the microphone once. */
  readonly label: string;
}

/** Whether the page may play sound: browsers ask for a click or key press first. */
export type SoundState = 'locked' | 'ready';

/** Whether the page may use the microphone. */
export type MicrophonePermission = 'granted' | 'prompt' | 'denied';

/** Which devices the user chose for each role, most wanted first: to be remembered. */
export type DevicePreferences = Readonly<Record<DeviceRole, readonly DevicePreference[]>>;

/** What the user should know of the devices for as long as it lasts. */
export interface AudioWarning {
  /**
   * `device-missing`: none of the chosen devices is there, another serves. `no-device`: nothing works, and the other side
   * hears or sees nothing. `device-muted`: the system or a switch on the device silences the microphone.
   * `processor-failed`: the microphone is sent unprocessed.
   */
  readonly name: 'device-missing' | 'no-device' | 'device-muted' | 'processor-failed';
  readonly role: DeviceRole;
  /** What the missing device is called; empty where that is not known. */
  readonly label: string;
}

/** Which devices there are, and which serve. */
export interface DeviceDesk {
  list(): Promise<readonly AudioDevice[]>;
  /** What the user chose for a role; empty for the system's choice. */
  chosen(role: DeviceRole): string;
  /** What serves a role: an id, empty for the system's choice, null where nothing works. */
  used(role: DeviceRole): string | null;
  /** Chooses a device, also for calls under way; empty for the system's choice. Those chosen before stand in for it. */
  choose(role: DeviceRole, id: string): void;
  preferences: DevicePreferences;
}

/** What the media engine says. */
export interface MediaEngineHandlers {
  /** Something was plugged in or out, or chosen. */
  onDevices: () => void;
  onWarning: (warning: AudioWarning, raised: boolean) => void;
  onSound: (state: SoundState) => void;
  onPermission: (permission: MicrophonePermission) => void;
}

/** How the microphone is processed. */
export interface AudioProcessing {
  echoCancellation?: boolean;
  noiseSuppression?: boolean;
  autoGainControl?: boolean;
}

/** Everything that needs a browser's media. */
export interface MediaEngine {
  openCall(iceServers: readonly IceServer[], handlers: CallMediaHandlers): CallMedia;
  readonly permission: MicrophonePermission;
  readonly sound: SoundState;
  /** Unlocks sound; works within a click or key press only. */
  unlock(): Promise<void>;
  /** Asks for the microphone once and lets it go, so that the first call need not ask. */
  askForMicrophone(): Promise<void>;
  readonly devices: DeviceDesk;
  readonly warnings: readonly AudioWarning[];
  /** Puts a processor between the microphone and the calls; the result takes it away. */
  addProcessor(processor: AudioProcessor): () => void;
  /** How calls ring; nothing for the usual ringtone. */
  setRingtone(ringtone?: Ringtone): void;
  startRinging(): void;
  stopRinging(): void;
  /** Rings once. */
  testRing(): Promise<void>;
  /** How call-progress tones sound from now on. */
  setTones(tones: CallTones): void;
  /** Plays a call-progress tone once, where sound is unlocked. */
  startTone(tone: CallTone): void;
  stopTone(): void;
  /** How loud the microphone is, 0 to 1, until stopped: for a device test outside calls. */
  testMicrophone(onLevel: (level: number) => void): Promise<() => void>;
  destroy(): void;
}

/** Makes the media engine. */
export type OpenMedia = (processing: AudioProcessing, handlers: MediaEngineHandlers) => MediaEngine;

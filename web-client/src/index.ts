// The client library: everything an application may use.
export { RingdownClient } from './phone/client.js';
export type { ClientPorts, RingdownOptions, TabSharing } from './phone/client-options.js';
export type { ClientEvents, ClientState } from './phone/client-events.js';
export type { Call } from './phone/call.js';
export type { Recovery } from './phone/call-context.js';
export type { Consultation } from './phone/consultation.js';
export type { Rooms } from './phone/rooms.js';
export type { CallEvents } from './phone/call-events.js';
export type { WarningChanges } from './phone/call-quality.js';
export type { Audio, AudioEvents } from './phone/audio.js';
export type { Directory } from './phone/directory.js';
export type { SessionStorage } from './signaling/kept-session.js';
export { RingdownError } from './errors.js';
export type { RingdownErrorName } from './errors.js';
export type { LogLevel, LogSink } from './logging.js';
export type { Unsubscribe } from './emitter.js';
export type { CallEnd } from './call/call-end.js';
export type { CallGuards } from './call/call-guards.js';
export type { CallPhase } from './call/call-machine.js';
export type { CallTone } from './media/call-tones.js';
export type { DevicePreference, DeviceRole } from './media/device-choice.js';
export type { AudioProcessor } from './media/microphone.js';
export type { Ringtone } from './media/ringtone.js';
export type { AudioDevice, AudioProcessing, AudioWarning, CallVideo, DevicePreferences, Levels, MicrophonePermission, SoundState } from './media/port.js';
export type {
  Activity, AudioQuality, AudioWay, CallDirection, CallQuality, CallSide, CompletionState, DeclineReason, DirectoryEntry, EndedBy, EndReason, ForwardChange, ForwardSettings, HistoryEntry, HistoryResult, Me, ParkedCall, PeerInfo, QualityIssue, QualityWarning,
  PresenceEntry, PresenceParams, Invited, RoomInvitation, RoomMember, RoomState, PresenceState, Role, Settings, SettingsChange, CallOutcome, Mailbox, VoicemailCount, VoicemailMessage,
} from './protocol/generated.js';

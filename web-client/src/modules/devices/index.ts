// Devices and ringtones that are remembered, beside the library.
export { DeviceMemory } from './device-memory.js';
export type { DeviceStore } from './device-memory.js';
export { RINGTONE_NAMES, RINGTONES } from './ringtones.js';
export type { RingtoneName } from './ringtones.js';
export { previewCamera } from '../../media/preview.js';
export type { CameraPreview } from '../../media/preview.js';
export { HowlWatch } from './howl-watch.js';
export { RingEverywhere } from './ring-everywhere.js';
export type { Ringer } from './ring-everywhere.js';

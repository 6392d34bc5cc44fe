// Headset buttons and lamps by WebHID, beside the library.
export { Headset } from './headset.js';
export type { HeadsetOptions, Hid, HidDevice } from './headset.js';
export type { HidCollection, HidItem, HidReport } from './hid-report.js';

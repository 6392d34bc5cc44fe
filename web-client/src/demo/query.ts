/// <reference types="vite/client" />
// Settings in the page's address: `?server=…` tries another server while the page is developed, `?raw-audio` leaves the sound
// as it is.
import type { RingdownPhone } from '../ui/index.js';

/** Applies the address's settings to the phone. */
export const applyQuery = (phone: RingdownPhone): void => {
  const query = new URLSearchParams(location.search);
  // Of a page that an app server serves nobody's link makes the page of another.
  if (import.meta.env.DEV) phone.server = query.get('server') ?? phone.server;
  phone.rawAudio ||= query.has('raw-audio');
};

// Settings in the page's address: `?server=…` tries another server, `?raw-audio` leaves the sound as it is.
import type { RingdownPhone } from '../ui/index.js';

/** Applies the address's settings to the phone. */
export const applyQuery = (phone: RingdownPhone): void => {
  const query = new URLSearchParams(location.search);
  phone.server = query.get('server') ?? phone.server;
  phone.rawAudio ||= query.has('raw-audio');
};

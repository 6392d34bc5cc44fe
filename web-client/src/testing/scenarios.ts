// What goes wrong in the field, at one call.
import { clientError } from '../errors.js';
import type { CallQuality, QualityWarning } from '../protocol/generated.js';
import type { FakeDevice } from './fake-device.js';
import type { FakeServer } from './fake-server.js';

/**
 * What goes wrong:
 *
 * - `network-change`: the network goes, and another comes when it is over. Signalling and sound both break.
 * - `reload`: the page is reloaded, in a call too. Its client does nothing any more; give the next client the result's `device`.
 * - `server-drain`: the server stops, and starts when it is over. Sound goes on.
 * - `half-open`: the connection looks open and carries nothing any more. The client has to find out.
 * - `frozen-tab`: the browser freezes the tab: no timer fires, nothing is heard. It thaws when it is over.
 * - `mic-lost`: the microphone is unplugged in a call.
 * - `one-way-audio`: the other side hears nothing of the user, and the server says so until it is over.
 */
export type ScenarioName = 'network-change' | 'reload' | 'server-drain' | 'half-open' | 'frozen-tab' | 'mic-lost' | 'one-way-audio';

/** Trouble that has begun. */
export interface Trouble {
  /** The device from here on: another one after a reload. */
  readonly device: FakeDevice;
  /** Ends it. What the client makes of that is for the test to see. */
  over(): void;
}

/** Whom the trouble befalls. */
export interface ScenarioStage {
  readonly server: FakeServer;
  readonly device: FakeDevice;
  /** The user of the device: username, number or id. */
  readonly user: string;
}

/** Begins a scenario. */
export const scenario = (name: ScenarioName, { server, device, user }: ScenarioStage): Trouble => {
  switch (name) {
    case 'network-change':
      device.goOffline();
      return { device, over: () => device.goOnline() };
    case 'reload':
      return { device: device.reload(), over: () => undefined };
    case 'server-drain':
      server.stop();
      return { device, over: () => server.start() };
    case 'half-open':
      server.freeze(user);
      return { device, over: () => undefined };
    case 'frozen-tab':
      device.freeze();
      return { device, over: () => device.thaw() };
    case 'mic-lost': {
      const error = clientError('mic-missing', { message: 'No microphone was found.', solutions: ['Plug one in.'] });
      device.media.last.handlers.onMicrophoneLost(error);
      return { device, over: () => device.media.handlers?.onDevices() };
    }
    case 'one-way-audio': {
      const warning: QualityWarning = { issue: 'one-way-audio', side: 'own', way: 'sent' };
      tell(server, user, [warning]);
      return { device, over: () => tell(server, user, []) };
    }
  }
};

const tell = (server: FakeServer, user: string, warnings: QualityWarning[]): void => {
  const { account } = server.person(user);
  const quality: CallQuality = { roundTripMs: 20, sent: null, received: null, warnings };
  for (const { id, session, account: whose, state } of server.desk.calls.legs) {
    if (whose === account && state === 'active') session?.pushUncounted({ event: 'call.quality', data: { call: id, quality } });
  }
};

// What an application tests itself against: a server in memory, a browser in memory, and what goes wrong in the field.
export { FakeServer } from '../../testing/fake-server.js';
export type { FakeConnection, FakeServerOptions } from '../../testing/fake-server.js';
export { FakeDevice } from '../../testing/fake-device.js';
export type { FakeDeviceOptions } from '../../testing/fake-device.js';
export { FakeClock } from '../../testing/fake-clock.js';
export { FakeMedia, FakeCallMedia } from '../../testing/fake-media.js';
export { FakePerson } from '../../testing/fake-person.js';
export type { FakeHabit } from '../../testing/fake-person.js';
export { FAKE_PEOPLE, FakeFault } from '../../testing/fake-people.js';
export type { FakeAccount } from '../../testing/fake-people.js';
export type { FakeAnswer } from '../../testing/fake-methods.js';
export type { FakeLeg, FakeSwitchMedia } from '../../testing/fake-leg.js';
export type { FakeLink, FakeSession } from '../../testing/fake-session.js';
export type { FakeDesk } from '../../testing/fake-desk.js';
export type { FakeSwitch } from '../../testing/fake-switch.js';
export { scenario } from '../../testing/scenarios.js';
export type { ScenarioName, ScenarioStage, Trouble } from '../../testing/scenarios.js';

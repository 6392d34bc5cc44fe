// Several tabs that are one phone, beside the library.
export { Tabs } from './tabs.js';
export type { TabPorts } from './tabs.js';
export type { TabChannel, TabLocks, TabMessage } from './wire.js';
export { forgetOthersSessions, hasKeptSession } from '../../signaling/kept-session.js';

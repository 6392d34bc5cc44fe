// German.
import shell from './shell/de.json';
import calls from './calls/de.json';
import people from './people/de.json';
import presence from './presence/de.json';
import chat from './chat/de.json';
import devices from './devices/de.json';
import crm from './crm/de.json';
import push from './push/de.json';
import settings from './settings/de.json';
import errors from './errors/de.json';
import type { Texts } from './en.js';

/** Every message. */
export const texts: Texts = { shell, calls, people, presence, chat, devices, crm, push, settings, errors };

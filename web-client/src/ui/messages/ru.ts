// Russian.
import shell from './shell/ru.json';
import calls from './calls/ru.json';
import people from './people/ru.json';
import presence from './presence/ru.json';
import chat from './chat/ru.json';
import devices from './devices/ru.json';
import crm from './crm/ru.json';
import push from './push/ru.json';
import settings from './settings/ru.json';
import errors from './errors/ru.json';
import type { Texts } from './en.js';

/** Every message. */
export const texts: Texts = { shell, calls, people, presence, chat, devices, crm, push, settings, errors };

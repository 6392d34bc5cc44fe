// Chinese.
import shell from './shell/zh.json';
import calls from './calls/zh.json';
import people from './people/zh.json';
import presence from './presence/zh.json';
import chat from './chat/zh.json';
import devices from './devices/zh.json';
import crm from './crm/zh.json';
import push from './push/zh.json';
import settings from './settings/zh.json';
import errors from './errors/zh.json';
import type { Texts } from './en.js';

/** Every message. */
export const texts: Texts = { shell, calls, people, presence, chat, devices, crm, push, settings, errors };

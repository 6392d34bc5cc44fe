// What the widget says in English: every message there is.
import shell from './shell/en.json';
import calls from './calls/en.json';
import people from './people/en.json';
import presence from './presence/en.json';
import chat from './chat/en.json';
import devices from './devices/en.json';
import crm from './crm/en.json';
import push from './push/en.json';
import settings from './settings/en.json';
import errors from './errors/en.json';

/** Every message there is. */
export const EN = { shell, calls, people, presence, chat, devices, crm, push, settings, errors };

/** The messages by area. */
export type Messages = typeof EN;

/** Messages as they are looked up: a text, or a text for each plural form. */
export type Texts = Readonly<Record<string, Readonly<Record<string, string | Readonly<Record<string, string>>>>>>;

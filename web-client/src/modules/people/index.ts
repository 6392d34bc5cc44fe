// Favourites, presence of whom the page shows, missed calls and voicemail, beside the library.
export { People } from './people.js';
export type { Ready, Said, Word } from './people.js';
export type { Contact, ContactNumber } from '../../protocol/generated.js';
export { AutoAway } from './auto-away.js';
export type { AwayStore } from './auto-away.js';

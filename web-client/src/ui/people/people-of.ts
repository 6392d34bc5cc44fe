// What the widget knows of people beyond the client's directory: one for each client.
import type { DirectoryEntry } from '../../index.js';
import { AutoAway, People } from '../../modules/people/index.js';
import { kitOf, storeOfPage } from '../devices/kit.js';
import type { Face } from '../shared/parts.js';
import { seenAs } from '../shared/people.js';
import type { PhoneModel } from '../shell/phone-model.js';

const known = new WeakMap<object, People>();
const away = new WeakMap<object, AutoAway>();

/** A client begins. */
export const beginPeople = (model: PhoneModel): void => {
  if (!model.client) return;
  const people = new People(model.client);
  people.on('change', () => {
    // The server counts for all of the user's devices, and down when the list is seen on one of them.
    kitOf(model)?.attention.setCount('missed', people.missed);
    model.changed();
  });
  known.set(model.client, people);
  const own = new AutoAway(model.client, people, storeOfPage());
  away.set(model.client, own);
  const { client } = model;
  const watcher = {
    requestUpdate: () => {
      if (model.client === client) return;
      model.unwatch(watcher);
      own.destroy();
      people.destroy();
    },
  };
  model.watch(watcher);
};

/** Being away by itself; null while nobody is signed in. */
export const awayOf = (model: PhoneModel): AutoAway | null => (model.client && away.get(model.client)) ?? null;

/** What is known of people; null while nobody is signed in. */
export const peopleOf = (model: PhoneModel): People | null => (model.client && known.get(model.client)) ?? null;

/** Somebody's picture with their presence. */
export const faceOf = (model: PhoneModel, entry: DirectoryEntry): Face =>
  ({ name: entry.name, photo: entry.photo ? model.origin + entry.photo : null, presence: seenAs(entry) });

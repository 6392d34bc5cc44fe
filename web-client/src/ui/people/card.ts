// Opens what is read only when it is wanted: somebody's card, the user's presence and photo.
import { html } from 'lit';
import type { Contact } from '../../modules/people/index.js';
import { t } from '../messages/index.js';
import type { PhoneModel } from '../shell/phone-model.js';

/** Shows somebody in full: a colleague by their account, or somebody of the address book. */
export const openCard = (model: PhoneModel, who: string | Contact): void => void model.act(async () => {
  await import('./person-view.js');
  const [user, contact] = typeof who === 'string' ? [who, null] : ['', who];
  model.openDialog({
    title: t('people.card'),
    content: (close) => html`<ringdown-person .model=${model} .user=${user} .contact=${contact} @done=${close}></ringdown-person>`,
  });
});

/** Asks what the user does, until when, and whether they are away by themselves. */
export const openPresence = (model: PhoneModel): void => void model.act(async () => {
  await import('./say-view.js');
  model.openDialog({
    title: t('presence.say-title'),
    content: (close) => html`<ringdown-say .model=${model} @done=${close}></ringdown-say>`,
  });
});

/** Asks for another photo of the user. */
export const openPhoto = (model: PhoneModel): void => void model.act(async () => {
  await import('./photo-view.js');
  model.openDialog({
    title: t('people.photo'),
    content: (close) => html`<ringdown-photo .model=${model} @done=${close}></ringdown-photo>`,
  });
});

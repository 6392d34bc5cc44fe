// Opens what is read only when it is wanted: all about a conversation, and the form of a new group.
import { html } from 'lit';
import type { Conversation } from './types.js';
import { t } from '../messages/index.js';
import type { PhoneModel } from '../shell/phone-model.js';
import { attempt, titleOf } from './chats.js';

/** Shows who is in a conversation, and what may be done with it. */
export const openAbout = (model: PhoneModel, conversation: Conversation): void => attempt(model, async () => {
  await import('./info-view.js');
  model.openDialog({
    title: titleOf(conversation),
    content: (close) => html`<ringdown-chat-info .model=${model} .conversation=${conversation} .close=${close}></ringdown-chat-info>`,
  });
});

/** Asks who is in a new group. */
export const openGroupForm = (model: PhoneModel): void => attempt(model, async () => {
  await import('./group-form.js');
  model.openDialog({
    title: t('chat.new-group'),
    content: (close) => html`<ringdown-group-form .model=${model} .close=${close}></ringdown-group-form>`,
  });
});

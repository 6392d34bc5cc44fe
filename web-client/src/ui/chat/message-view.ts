// One message: who, what, its file, its signs, and what may be done with it.
import { html, nothing, type TemplateResult } from 'lit';
import type { ChatMessage, Conversation, Outgoing } from './types.js';
import { errorText } from '../messages/errors.js';
import { timeOfDay } from '../messages/format.js';
import { t } from '../messages/index.js';
import { icons } from '../shared/icons.js';
import type { MenuItem } from '../shared/menu.js';
import { nameOf } from '../shared/people.js';
import type { PhoneModel } from '../shell/phone-model.js';
import { attempt, chatOf } from './chats.js';
import { SIGNS, linked } from './words.js';
import './chat-file.js';

/** A message that is kept. */
export const messageView = (model: PhoneModel, conversation: Conversation, message: ChatMessage, edit: (message: ChatMessage) => void): TemplateResult => {
  const me = model.client?.me;
  const mine = message.from.userId === me?.userId;
  const state = conversation.stateOf(message);
  const words = { sent: t('chat.sent'), delivered: t('chat.delivered'), read: t('chat.read') };
  const { kind } = conversation.info;
  const isOwner = conversation.members.some(({ party, isOwner: owns }) => owns && party.userId === me?.userId);
  const mayDelete = mine || (kind !== 'direct' && (isOwner || me?.role === 'admin'));
  const own = message.reactions?.find(({ users }) => users.includes(me?.userId ?? ''))?.emoji ?? null;
  const act = (work: (chat: NonNullable<ReturnType<typeof chatOf>>) => Promise<unknown>): void => attempt(model, work);
  const react = (emoji: string): void => act((chat) => chat.react(message, emoji === own ? null : emoji));
  const items: MenuItem[] = [
    ...SIGNS.map((label): MenuItem => ({ label, checked: label === own, compact: true, run: () => react(label), testid: 'react' })),
    ...(mine ? [{ label: t('chat.edit'), icon: 'edit', run: () => edit(message), testid: 'edit-message' } as const] : []),
    ...(mayDelete ? [{ label: t('chat.delete'), icon: 'trash', danger: true, run: () => act((chat) => chat.delete(message)), testid: 'delete-message' } as const] : []),
  ];
  return html`<div class="message ${mine ? 'mine' : ''}" data-testid="message" data-seq=${message.seq} data-state=${mine ? state : 'theirs'}>${
    mine || kind === 'direct' ? nothing : html`<div class="who">${nameOf(message.from)}</div>`}${
    message.isDeleted ? html`<span class="gone">${t('chat.deleted')}</span>` : html`<span class="said" data-testid="message-text">${linked(message.text)}</span>`}${
    message.file ? html`<ringdown-chat-file .model=${model} .file=${message.file}></ringdown-chat-file>` : nothing}${
    message.reactions?.length ? html`<div class="signs">${message.reactions.map(({ emoji, users }) => html`<button class="sign" aria-pressed=${emoji === own} title=${users.map((user) => nameIn(conversation, user)).join(', ')}
      @click=${() => react(emoji)} data-testid="sign">${emoji} ${users.length}</button>`)}</div>` : nothing}
    <div class="foot">${message.editedAt !== undefined && !message.isDeleted ? html`<span>${t('chat.edited')}</span>` : nothing}<time>${timeOfDay(message.at)}</time>${
      mine ? html`<span>${words[state]}</span>` : nothing}${message.isDeleted ? nothing : html`<ringdown-menu label=${t('chat.more')} .items=${items}>${icons.more}</ringdown-menu>`}</div>
  </div>`;
};

const nameIn = ({ members }: Conversation, user: string): string => {
  const party = members.find((member) => member.party.userId === user)?.party;
  return party ? nameOf(party) : '';
};

/** A message on its way, or one that failed. */
export const outgoingView = (model: PhoneModel, { id }: Conversation, { id: messageId, text, file, upload, failed, problem }: Outgoing): TemplateResult => {
  const name = upload?.file.name ?? file?.name;
  const isUploading = !failed && upload && !file;
  return html`<div class="message mine" data-testid="outgoing">${name ? html`<div>${name}</div>` : nothing}<span class="said">${text}</span>
    ${isUploading ? html`<progress max="1" .value=${upload.progress} aria-label=${name ?? t('chat.sending')} data-testid="upload-progress"></progress>` : nothing}
    <div class="foot ${failed ? 'failed' : ''}" role="status">${failed ? [t('chat.failed'), problem && errorText(problem).title].filter(Boolean).join(': ') : t('chat.sending')}${failed ? html`
      <button class="button small" @click=${() => void chatOf(model)?.retry(id, messageId).catch(() => undefined)} data-testid="retry">${t('chat.retry')}</button>` : nothing}${failed || isUploading ? html`
      <button class="button small" @click=${() => chatOf(model)?.discard(id, messageId)} data-testid="discard">${t('chat.discard')}</button>` : nothing}</div>
  </div>`;
};

// Chat.
import { html, nothing } from 'lit';
import { roomOf } from '../calls/moves.js';
import { register } from '../shell/registry.js';
import { chatOf } from './chats.js';
import './chat-view.js';
import './chats-view.js';

register.tab({
  id: 'chat', label: 'chat.chat', icon: 'chat', order: 40, keep: true,
  render: (model) => html`<ringdown-chats .model=${model}></ringdown-chats>`,
  detail: (model) => {
    const { with: conversation, to, at } = model.route.params;
    if (conversation === undefined && to === undefined) return nothing;
    return html`<ringdown-chat .model=${model} .target=${conversation === undefined ? { to } : { conversation, ...(at === undefined ? {} : { at: Number(at) }) }}></ringdown-chat>`;
  },
  badge: (model) => chatOf(model)?.unread ?? 0,
  badgeLabel: 'chat.unread-count',
});

register.personAction({
  id: 'chat', label: 'chat.write', icon: 'chat', order: 10,
  run: (model, { userId }) => model.navigate('chat', { to: userId }),
  available: (model, { userId }) => userId !== model.client?.me?.userId,
});

register.callPanel({
  id: 'chat', label: 'chat.chat', icon: 'chat', order: 10,
  render: (model, call) => html`<ringdown-chat .model=${model} .target=${{ call: call.id, room: roomOf(model, call)?.room }} inCall></ringdown-chat>`,
});

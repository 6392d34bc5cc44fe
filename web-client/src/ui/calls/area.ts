// Calls: the keypad, and what the user should know of them while no call needs the screen.
import { html, nothing } from 'lit';
import type { EndReason } from '../../index.js';
import { t } from '../messages/index.js';
import { notice } from '../shared/parts.js';
import { nameOf } from '../shared/people.js';
import { register } from '../shell/registry.js';
import './dial-pad-view.js';
import { moveHere, tellNotComing } from './moves.js';
import { openParked } from './parked-view.js';

register.tab({ id: 'keypad', label: 'calls.keypad', icon: 'keypad', order: 20, keep: true, render: (model) => html`<ringdown-dial-pad .model=${model}></ringdown-dial-pad>` });

register.notice({
  id: 'problem', order: 0,
  render: (model) => {
    const { problem, problemText } = model;
    if (!problem || !problemText || !model.current) return nothing;
    return notice({
      icon: 'warning', kind: 'stop', urgent: true, testid: 'notice-problem', name: problem.name, title: problemText.title, text: problemText.solutions[0] ?? '',
      action: { label: t('shell.close'), testid: 'dismiss-problem', run: () => model.dismiss() },
    });
  },
});

register.notice({
  id: 'connection', order: 10,
  render: ({ client }) => {
    if (!client || client.state === 'ready') return nothing;
    const talking = client.calls.some(({ answeredAt, mine }) => mine && answeredAt !== null);
    return notice({
      icon: 'offline', testid: 'notice-connection', title: client.state === 'offline' ? t('shell.not-connected') : t('shell.reconnecting'),
      text: t(talking ? 'calls.goes-on' : 'calls.reach-again'),
    });
  },
});

register.notice({
  id: 'switch', order: 20,
  render: ({ client }) => (client?.state !== 'ready' || client.switchUp ? nothing
    : notice({ icon: 'warning', title: t('calls.no-switch'), text: t('calls.no-switch-help'), testid: 'notice-switch' })),
});

register.notice({
  id: 'elsewhere', order: 50,
  render: (model) => (model.elsewhere.length === 0 ? nothing : html`${model.elsewhere.map((call) =>
    notice({
      icon: 'phone', kind: 'calm', text: t('calls.elsewhere', { name: nameOf(call.peer) }), testid: 'notice-elsewhere',
      action: { label: t('calls.move-here'), testid: 'move-here', run: () => void moveHere(model, call) },
    }))}`),
});

register.notice({
  id: 'parked', order: 60,
  render: (model) => {
    const parked = model.client?.parked ?? [];
    const [first] = parked;
    if (!first) return nothing;
    return notice({
      icon: 'park', kind: 'calm', testid: 'notice-parked',
      text: parked.length === 1 ? t('calls.parked-one', { name: nameOf(first.party), slot: String(first.slot) }) : t('calls.parked-many', { count: parked.length }),
      action: { label: t(parked.length === 1 ? 'calls.pick-up' : 'calls.show'), testid: 'parked-open', run: () => { if (parked.length === 1) void model.call(String(first.slot)); else openParked(model); } },
    });
  },
});

register.client((model) => {
  model.client?.on('push', (push) => { if (push.event === 'room.invitation') tellNotComing(model, push.data.invitation, push.data.reason as EndReason); });
});

register.personAction({
  id: 'video', label: 'calls.video-call', icon: 'video', order: 10,
  available: ({ client }, { extension }) => extension !== '' && client?.switchUp === true,
  run: (model, { extension }) => void model.call(extension, {}, { video: true }),
});

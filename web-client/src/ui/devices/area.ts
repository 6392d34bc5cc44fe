// Microphone, loudspeaker, ringing.
import { html, nothing } from 'lit';
import type { AudioWarning, DeviceRole } from '../../index.js';
import { t } from '../messages/index.js';
import { notice } from '../shared/parts.js';
import { register } from '../shell/registry.js';
import './devices-view.js';
import { beginKit, kitOf } from './kit.js';
import './quality-view.js';

register.client(beginKit);
register.settings({ id: 'devices', label: 'devices.sound', icon: 'device', order: 10, render: (model) => html`<ringdown-devices tests .model=${model}></ringdown-devices>` });
/** Read when the section is opened for the first time; where that failed, when it is opened again. */
let checks: Promise<unknown> | null = null;
register.settings({
  id: 'checks', label: 'devices.check', icon: 'signal', order: 11,
  render: (model) => {
    checks ??= import('./checks-view.js').catch(() => { checks = null; });
    return html`<ringdown-checks .model=${model}></ringdown-checks>`;
  },
});
register.callPanel({
  id: 'figures', label: 'devices.quality', icon: 'signal', order: 61, available: (_model, call) => call.answeredAt !== null,
  render: (model, call) => html`<ringdown-quality .model=${model} .call=${call}></ringdown-quality>`,
});
register.callPanel({ id: 'audio', label: 'devices.audio', icon: 'device', order: 60, render: (model) => html`<ringdown-devices .model=${model}></ringdown-devices>` });

register.notice({
  id: 'microphone', order: 30,
  render: (model) => {
    const { client, problem, ended } = model;
    if (!client) return nothing;
    if (client.audio.permission === 'denied' && !problem) {
      return notice({ icon: 'micOff', kind: 'stop', title: t('devices.mic-blocked'), text: t('devices.mic-blocked-help'), testid: 'notice-mic' });
    }
    if (client.audio.permission !== 'prompt' || client.calls.length > 0 || problem || ended) return nothing;
    return notice({
      icon: 'mic', kind: 'calm', text: t('devices.mic-ask'), testid: 'notice-mic-ask',
      action: { label: t('devices.allow'), testid: 'allow-mic', run: () => void model.act(() => client.audio.askForMicrophone()) },
    });
  },
});

/** Without a microphone the other side hears nothing: that is said first. */
register.notice({
  id: 'device-warning', order: 35,
  render: ({ client }) => {
    const warnings = client?.audio.warnings ?? [];
    const is = (name: AudioWarning['name'], ...roles: readonly DeviceRole[]): AudioWarning | undefined =>
      warnings.find((one) => one.name === name && roles.includes(one.role));
    const missing = is('device-missing', 'input') ?? is('device-missing', 'output', 'ring');
    if (is('no-device', 'input')) return notice({ icon: 'micOff', kind: 'stop', urgent: true, title: t('devices.no-microphone'), text: t('devices.no-microphone-help'), testid: 'notice-no-microphone' });
    if (is('device-muted', 'input')) return notice({ icon: 'micOff', kind: 'stop', urgent: true, title: t('devices.mic-muted'), text: t('devices.mic-muted-help'), testid: 'notice-device-muted' });
    return missing === undefined ? nothing : notice({
      icon: 'device', kind: 'calm', testid: 'notice-device-missing',
      text: t(missing.role === 'input' ? 'devices.missing-microphone' : missing.role === 'ring' ? 'devices.missing-ring' : 'devices.missing-loudspeaker', { device: missing.label || t('devices.the-device') }),
    });
  },
});

register.notice({
  id: 'howl', order: 36,
  render: (model) => (!kitOf(model)?.howl?.howling ? nothing : notice({
    icon: 'warning', urgent: true, title: t('devices.howl'), text: t('devices.howl-help'), testid: 'notice-howl',
  })),
});

register.notice({
  id: 'sound', order: 40,
  render: (model) => (!kitOf(model)?.isSoundNoticed ? nothing : notice({
    icon: 'mute', title: t('devices.sound-off'), text: t('devices.sound-off-help'), testid: 'notice-sound',
    action: { label: t('devices.turn-on'), testid: 'unlock', run: () => void model.client?.audio.unlock() },
  })),
});

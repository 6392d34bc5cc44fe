// Microphone, loudspeaker, ringing.
import { html, nothing } from 'lit';
import { t } from '../messages/index.js';
import { notice } from '../shared/parts.js';
import { register } from '../shell/registry.js';
import './devices-view.js';

register.settings({ id: 'devices', label: 'devices.sound', icon: 'device', order: 10, render: (model) => html`<ringdown-devices tests .model=${model}></ringdown-devices>` });
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

register.notice({
  id: 'sound', order: 40,
  render: ({ client }) => (!client || client.audio.state === 'ready' ? nothing : notice({
    icon: 'mute', title: t('devices.sound-off'), text: t('devices.sound-off-help'), testid: 'notice-sound',
    action: { label: t('devices.turn-on'), testid: 'unlock', run: () => void client.audio.unlock() },
  })),
});

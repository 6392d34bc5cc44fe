// The buttons of a call under way.
import { html, type TemplateResult } from 'lit';
import type { Call, RingdownError } from '../../index.js';
import { t } from '../messages/index.js';
import { icons } from '../shared/icons.js';
import type { PhoneModel } from '../shell/phone-model.js';

/** What is open beside a call. */
export type CallPanel = 'keypad' | 'devices' | null;

/** Mute, hold, camera, screen, keypad, audio. */
export const callTools = (model: PhoneModel, call: Call, panel: CallPanel, toggle: (panel: CallPanel) => void): TemplateResult => {
  const answered = call.answeredAt !== null;
  const { camera, screen } = call.video;
  const showing = (on: boolean, stop: () => void, start: () => Promise<void>): void => {
    if (on) stop();
    // Whoever closed the browser's own question knows that nothing is shared.
    else void model.act(() => start().catch((error: unknown) => { if ((error as RingdownError).name !== 'screen-refused') throw error; }));
  };
  return html`
    <div class="tools" role="group" aria-label=${t('calls.controls')}>
      <button class="tool" aria-pressed=${call.muted} @click=${() => void model.act(() => call.mute(!call.muted))} data-testid="mute">
        <i>${call.muted ? icons.micOff : icons.mic}</i>${t(call.muted ? 'calls.muted' : 'calls.mute')}</button>
      <button class="tool" aria-pressed=${call.held} ?disabled=${!answered} data-testid="hold"
        @click=${() => void (call.held ? model.resume(call) : model.act(() => call.hold()))}>
        <i>${call.held ? icons.play : icons.pause}</i>${t(call.held ? 'calls.resume' : 'calls.hold')}</button>
      <button class="tool" aria-pressed=${camera !== null} ?disabled=${!answered} data-testid="camera"
        @click=${() => showing(camera !== null, () => call.stopVideo(), () => call.startVideo())}>
        <i>${icons.video}</i>${t('calls.camera')}</button>
      <button class="tool" aria-pressed=${screen !== null} aria-label=${t('calls.share-screen')} ?disabled=${!answered || !canShare} data-testid="share"
        @click=${() => showing(screen !== null, () => call.stopScreenShare(), () => call.startScreenShare())}>
        <i>${icons.screen}</i>${t(screen ? 'calls.sharing' : 'calls.share')}</button>
      <button class="tool" aria-expanded=${panel === 'keypad'} @click=${() => toggle('keypad')} data-testid="keypad"><i>${icons.keypad}</i>${t('calls.keypad')}</button>
      <button class="tool" aria-expanded=${panel === 'devices'} @click=${() => toggle('devices')} data-testid="audio"><i>${icons.device}</i>${t('devices.audio')}</button>
    </div>`;
};

/** Telephones' browsers cannot share their screen. */
const canShare = 'mediaDevices' in navigator && 'getDisplayMedia' in navigator.mediaDevices;

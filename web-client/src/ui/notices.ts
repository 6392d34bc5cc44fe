// What the user should know while no call needs the screen.
import { html, nothing, type TemplateResult } from 'lit';
import { icons } from './icons.js';
import type { PhoneModel } from './phone-model.js';
import { nameOf } from './words.js';

/** Banners: the connection, the switch, the microphone, the sound, calls on other devices. */
export const notices = (model: PhoneModel): TemplateResult => {
  const { client } = model;
  if (!client) return html``;
  const talking = client.calls.some(({ answeredAt, mine }) => mine && answeredAt !== null);
  return html`
    ${model.problem && model.current ? html`
      <div class="notice stop" role="alert" data-testid="notice-problem" data-name=${model.problem.name}>${icons.warning}
        <div><b>${model.problem.message}</b>${model.problem.solutions[0] ?? ''}</div>
        <button class="button small" @click=${() => model.dismiss()} data-testid="dismiss-problem">Close</button></div>` : nothing}
    <div role="status">
      ${client.state === 'ready' ? nothing : html`
        <div class="notice" data-testid="notice-connection">${icons.offline}
          <div><b>${client.state === 'offline' ? 'Not connected' : 'Reconnecting…'}</b>${talking
            ? 'Your call goes on; you can keep talking.' : 'Calls reach you again in a moment.'}</div></div>`}
      ${client.state !== 'ready' || client.switchUp ? nothing : html`
        <div class="notice" data-testid="notice-switch">${icons.warning}<div><b>Calls cannot be placed</b>The phone system restarts. This passes by itself.</div></div>`}
      ${client.audio.permission !== 'denied' || model.problem ? nothing : html`
        <div class="notice stop" data-testid="notice-mic">${icons.micOff}
          <div><b>The microphone is blocked</b>Click the icon left of the address and allow the microphone. Until then others cannot hear you.</div></div>`}
      ${client.audio.permission !== 'prompt' || client.calls.length > 0 || model.problem || model.ended ? nothing : html`
        <div class="notice calm" data-testid="notice-mic-ask">${icons.mic}
          <div>Allow the microphone before the first call.</div>
          <button class="button small" @click=${() => void model.act(() => client.audio.askForMicrophone())} data-testid="allow-mic">Allow</button></div>`}
      ${client.audio.state === 'ready' ? nothing : html`
        <div class="notice" data-testid="notice-sound">${icons.mute}
          <div><b>Sound is off</b>The browser plays nothing before you click: calls cannot ring.</div>
          <button class="button small" @click=${() => void client.audio.unlock()} data-testid="unlock">Turn on</button></div>`}
      ${model.elsewhere.map((call) => html`
        <div class="notice calm" data-testid="notice-elsewhere">${icons.phone}<div>You are talking to ${nameOf(call.peer)} on another device.</div></div>`)}
    </div>`;
};

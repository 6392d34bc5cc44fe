// The user's other calls beside the one on the screen, and what joins them.
import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { Call } from '../../index.js';
import { duration } from '../messages/format.js';
import { t } from '../messages/index.js';
import { icons } from '../shared/icons.js';
import type { MenuItem } from '../shared/menu.js';
import { avatar } from '../shared/parts.js';
import { firstName, nameOf, photoOf } from '../shared/people.js';
import type { PhoneModel } from '../shell/phone-model.js';
import { connect, merge, questionOf } from './moves.js';
import { stateOf } from './words.js';

/** A strip for each other call: who waits, for how long, and what can be done with both. */
export const otherCalls = (model: PhoneModel, call: Call): TemplateResult => html`
  <div class="others">${repeat(model.others(call), (other) => other, (other) => strip(model, call, other))}</div>`;

const strip = (model: PhoneModel, call: Call, other: Call): TemplateResult => {
  const question = questionOf(model, call);
  const isQuestion = question !== null && (question.waiting === other || question.asked === other);
  const [name, current] = [nameOf(other.peer), nameOf(call.peer)];
  const [waiting, asked] = isQuestion ? [question.waiting, question.asked] : [other, call];
  const canConnect = waiting.can.transfer && asked.can.hangup && asked.id !== '';
  const canMerge = call.can.merge && other.can.merge;
  const items: MenuItem[] = [
    ...(canMerge && (!isQuestion || question.purpose === 'transfer') ? [{ label: t('calls.merge'), icon: 'merge', run: () => void merge(model, other, call), testid: 'merge' } as const] : []),
    ...(canConnect && !(isQuestion && question.purpose === 'transfer') ? [{ label: t('calls.connect-both', { name, other: current }), icon: 'transfer', run: () => void connect(model, waiting, asked), testid: 'connect' } as const] : []),
    { label: t('calls.hang-up-one', { name }), icon: 'hangup', danger: true, run: () => void model.act(() => other.hangup()), testid: 'hangup-other' },
  ];
  return html`
    <section class="other" data-testid="other-call" data-number=${other.peer.number} aria-label=${t('calls.waiting-call', { name })}>
      <div class="line">
        ${avatar({ name, photo: photoOf(model, other.peer) }, 'tiny')}
        <div class="text"><b class="clip">${name}</b><span class="soft digits clip">${other.held ? icons.pause : nothing}${stateOf(other)}${other.answeredAt === null ? '' : ` · ${duration(other.durationMs)}`}</span></div>
        <button class="button small swap" aria-label=${t('calls.swap-with', { name })} title=${t('calls.swap-with', { name })} ?disabled=${!other.can.unhold && other.answeredAt !== null && other.held} @click=${() => void model.resume(other)} data-testid="resume-other">${icons.swap}<span>${t('calls.swap')}</span></button>
        <ringdown-menu label=${t('calls.more-with', { name })} .items=${items} testid="other-more"></ringdown-menu>
      </div>
      ${isQuestion ? html`
        <div class="line ask">
          <button class="button small" @click=${() => void model.act(() => question.asked.hangup())} data-testid="cancel-question">${t('calls.back-to', { name: firstName(question.waiting.peer) })}</button>
          ${question.purpose === 'transfer'
            ? html`<button class="button small primary" ?disabled=${!canConnect} @click=${() => void connect(model, question.waiting, question.asked)} data-testid="complete-transfer">${icons.transfer}${t('calls.hand-over')}</button>`
            : html`<button class="button small primary" ?disabled=${!canMerge} @click=${() => void merge(model, question.waiting, question.asked)} data-testid="complete-merge">${icons.merge}${t('calls.bring-in')}</button>`}
        </div>` : nothing}
    </section>`;
};

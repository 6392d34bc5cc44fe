// Small pieces that several views show.
import { html, nothing, type TemplateResult } from 'lit';
import { PRESENCE, hue, initials } from './words.js';
import type { PresenceState } from '../index.js';
import { icons } from './icons.js';

/** A person's initials with their presence. The words beside it say the presence to those who cannot see it. */
export const avatar = (name: string, presence: PresenceState | null = null, size: '' | 'large' | 'tiny' = ''): TemplateResult => html`
  <span class="avatar ${size} ${hue(name)}" aria-hidden="true">
    ${initials(name) === '#' ? icons.phone : initials(name)}
    ${presence ? html`<span class="dot ${presence}" title=${PRESENCE[presence]}></span>` : nothing}
  </span>`;

/** The keys of a telephone with their letters. */
export const KEYS: readonly (readonly [key: string, letters: string])[] = [
  ['1', ''], ['2', 'ABC'], ['3', 'DEF'], ['4', 'GHI'], ['5', 'JKL'], ['6', 'MNO'],
  ['7', 'PQRS'], ['8', 'TUV'], ['9', 'WXYZ'], ['*', ''], ['0', '+'], ['#', ''],
];

// Small pieces that several views show. Their looks are in styles.ts.
import { html, nothing, type TemplateResult } from 'lit';
import { ifDefined } from 'lit/directives/if-defined.js';
import { t } from '../messages/index.js';
import { icons, type IconName } from './icons.js';
import { hue, initials, presenceText, type Presence } from './people.js';

/** Who an avatar shows. */
export interface Face {
  readonly name: string;
  /** Where the photo is; initials are shown without one. */
  readonly photo?: string | null | undefined;
  readonly presence?: Presence | null | undefined;
}

/** A person's photo or initials with their presence. The words beside it say the presence to those who cannot see it. */
export const avatar = ({ name, photo, presence }: Face, size: '' | 'large' | 'tiny' = ''): TemplateResult => html`
  <span class="avatar ${size} ${hue(name)}" aria-hidden="true">
    ${photo ? html`<img src=${photo} alt="" loading="lazy" decoding="async">` : initials(name) === '#' ? icons.phone : initials(name)}
    ${presence ? html`<span class="dot ${presence}" title=${presenceText(presence)}></span>` : nothing}
  </span>`;

/** What a list's row is made of. */
export interface Row {
  /** Before the text: an avatar or an icon. */
  readonly start?: TemplateResult;
  readonly title: unknown;
  /** The second line. */
  readonly more?: unknown;
  /** After the text: a time, a badge, buttons. */
  readonly end?: unknown;
}

/** The inside of a list's row: `<li class="row">${row({…})}</li>`, or a `<button class="row">`. */
export const row = ({ start, title, more, end }: Row): TemplateResult => html`
  ${start ?? nothing}
  <span class="text"><span class="title clip">${title}</span>${more === undefined ? nothing : html`<span class="more">${more}</span>`}</span>
  ${end === undefined ? nothing : html`<span class="end">${end}</span>`}`;

/** What a round button with an icon is made of. */
export interface IconButton {
  readonly icon: IconName;
  /** Says what it does, to who hovers and who listens. */
  readonly label: string;
  readonly run: (event: Event) => void;
  readonly testid?: string;
  readonly disabled?: boolean;
  readonly pressed?: boolean;
  readonly kind?: '' | 'go' | 'stop';
}

/** A round button that shows an icon alone. */
export const iconButton = ({ icon, label, run, testid, disabled, pressed, kind }: IconButton): TemplateResult => html`
  <button type="button" class="round ${kind ?? ''}" aria-label=${label} title=${label} ?disabled=${disabled ?? false}
    aria-pressed=${ifDefined(pressed)} data-testid=${ifDefined(testid)} @click=${run}>${icons[icon]}</button>`;

/** A number on a coloured ground; nothing for 0. `label` says what it counts to who does not see it. */
export const badge = (count: number, label: string): TemplateResult | typeof nothing =>
  count <= 0 ? nothing : html`<span class="badge" data-testid="badge"><span aria-hidden="true">${count > 99 ? '99+' : count}</span><span class="sr">${label}</span></span>`;

/** What is said where there is nothing to show: why, and what to do about it. */
export const empty = (icon: IconName, text: string, action?: { readonly label: string; readonly run: () => void; readonly testid?: string }): TemplateResult => html`
  <div class="empty" data-testid="empty">${icons[icon]}<p>${text}</p>
    ${action ? html`<button type="button" class="button small" @click=${action.run} data-testid=${ifDefined(action.testid)}>${action.label}</button>` : nothing}
  </div>`;

/** What a banner is made of. */
export interface Banner {
  readonly icon: IconName;
  readonly title?: string;
  readonly text: string;
  /** How grave: in need of help, worth knowing, or an offer. */
  readonly kind?: '' | 'stop' | 'calm';
  readonly testid?: string;
  /** Interrupts who listens. */
  readonly urgent?: boolean;
  readonly name?: string;
  readonly action?: { readonly label: string; readonly run: () => void; readonly testid?: string };
}

/** A banner above the lists. */
export const notice = ({ icon, title, text, kind, testid, action, urgent, name }: Banner): TemplateResult => html`
  <div class="notice ${kind ?? ''}" role=${ifDefined(urgent ? 'alert' : undefined)} data-testid=${ifDefined(testid)} data-name=${ifDefined(name)}>${icons[icon]}
    <div>${title ? html`<b>${title}</b>` : nothing}${text}</div>
    ${action ? html`<button type="button" class="button small" @click=${action.run} data-testid=${ifDefined(action.testid)}>${action.label}</button>` : nothing}
  </div>`;

/** A switch: on or off, at once. */
export const toggle = (label: string, on: boolean, change: (on: boolean) => void, more: { readonly hint?: string; readonly testid?: string; readonly disabled?: boolean } = {}): TemplateResult => html`
  <button type="button" class="switch" role="switch" aria-checked=${on} ?disabled=${more.disabled ?? false} data-testid=${ifDefined(more.testid)}
    @click=${() => change(!on)}><span>${label}${more.hint ? html`<small>${more.hint}</small>` : nothing}</span></button>`;

/** A field of a form with its label: `control` is an `<input class="field" id=…>` with the same `id`. */
export const formRow = (id: string, label: string, control: TemplateResult, more: { readonly hint?: string; readonly wrong?: string } = {}): TemplateResult => html`
  <div class="formrow"><label for=${id}>${label}</label>${control}
    ${more.wrong ? html`<p class="wrong" role="alert" id="${id}-wrong">${more.wrong}</p>` : more.hint ? html`<p class="hint" id="${id}-hint">${more.hint}</p>` : nothing}
  </div>`;

/** Something is being read. */
export const busy = (text: string = t('shell.loading')): TemplateResult => html`<div class="empty" role="status"><span class="spinner"></span><p>${text}</p></div>`;

/** The keys of a telephone with their letters. */
export const KEYS: readonly (readonly [key: string, letters: string])[] = [
  ['1', ''], ['2', 'ABC'], ['3', 'DEF'], ['4', 'GHI'], ['5', 'JKL'], ['6', 'MNO'],
  ['7', 'PQRS'], ['8', 'TUV'], ['9', 'WXYZ'], ['*', ''], ['0', '+'], ['#', ''],
];

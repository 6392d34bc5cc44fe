// The demonstration: a contact list with click-to-call, and the caller's contact opened when somebody calls.
import { html, nothing, render, type TemplateResult } from 'lit';
import type { RingdownPhone } from '../ui/index.js';
import '../ui/index.js';
import { CONTACTS, type Contact } from './contacts.js';
import { applyQuery } from './query.js';

/** What the phone says of a call in its events. */
interface CallDetail {
  readonly number: string;
  readonly name: string;
}

const root = document.querySelector<HTMLElement>('#crm');
const dock = document.querySelector<HTMLElement>('#phone');
const phone = document.querySelector<RingdownPhone>('ringdown-phone');
if (phone) applyQuery(phone);

let search = '';
let selected: Contact | null = CONTACTS[0] ?? null;
let popped: { contact: Contact | null; detail: CallDetail; words: string } | null = null;

const initials = (name: string): string => name.split(' ').map((word) => word[0] ?? '').join('').slice(0, 2);
const stageClass = (stage: Contact['stage']): string => `stage ${stage.toLowerCase().replace(' ', '-')}`;

const select = (contact: Contact): void => {
  selected = contact;
  draw();
};

const call = (contact: Contact): void => {
  selected = contact;
  dock?.classList.add('open');
  draw();
  void phone?.call(contact.number, { contact: contact.id });
};

const callIcon = html`<svg viewBox="0 0 24 24" aria-hidden="true"><path fill="currentColor" transform="translate(-2.2 -2.4) scale(1.2)" d="M6.4 4.6 8.3 4c.6-.2 1.2.1 1.5.7l1.1 2.6c.2.5.1 1.1-.3 1.5l-1.4 1.4a11.6 11.6 0 0 0 5 5l1.4-1.4c.4-.4 1-.5 1.5-.3l2.6 1.1c.6.3.9.9.7 1.5l-.6 1.9c-.3 1-1.1 1.6-2.1 1.6C10.1 19.2 5.2 14.3 4.8 6.7c0-1 .6-1.8 1.6-2.1Z"/></svg>`;

const callButton = (contact: Contact, words: string): TemplateResult => html`
  <button class="call" @click=${(event: Event) => { event.stopPropagation(); call(contact); }}
    aria-label="Call ${contact.name}, ${contact.number}" data-testid="crm-call" data-number=${contact.number}>${callIcon}<span>${words}</span></button>`;

const row = (contact: Contact): TemplateResult => html`
  <tr aria-selected=${contact === selected} @click=${() => select(contact)} data-testid="crm-row" data-number=${contact.number}>
    <td><button class="person" @click=${() => select(contact)}><i aria-hidden="true">${initials(contact.name)}</i>
      <span><b>${contact.name}</b><small>${contact.company}</small></span></button></td>
    <td><span class=${stageClass(contact.stage)}>${contact.stage}</span></td>
    <td class="value">${contact.value}</td>
    <td class="touched">${contact.touched}</td>
    <td>${callButton(contact, contact.number)}</td>
  </tr>`;

const detail = (contact: Contact): TemplateResult => html`
  <article class="detail" aria-label="Contact" data-testid="crm-detail" data-number=${contact.number}>
    ${popped?.contact === contact ? html`<p class="pop" role="status" data-testid="screen-pop">${callIcon}${popped.words}</p>` : nothing}
    <i class="face" aria-hidden="true">${initials(contact.name)}</i>
    <h2>${contact.name}</h2>
    <p class="role">${contact.title}, ${contact.company}</p>
    <div class="reach">${callButton(contact, `Call ${contact.number}`)}</div>
    <dl>
      <div><dt>Stage</dt><dd><span class=${stageClass(contact.stage)}>${contact.stage}</span></dd></div>
      <div><dt>Value</dt><dd>${contact.value}</dd></div>
      <div><dt>City</dt><dd>${contact.city}</dd></div>
      <div><dt>E-mail</dt><dd class="clip">${contact.email}</dd></div>
    </dl>
    <h3>Notes</h3>
    <ol>${contact.notes.map(([when, text]) => html`<li><time>${when}</time>${text}</li>`)}</ol>
  </article>`;

const draw = (): void => {
  if (!root) return;
  const words = search.toLowerCase();
  const found = CONTACTS.filter(({ name, company, number }) => `${name} ${company} ${number}`.toLowerCase().includes(words));
  render(html`
    <nav class="side" aria-label="Sections">
      <p class="brand"><i aria-hidden="true"></i>Fieldnote</p>
      ${['Today', 'Contacts', 'Deals', 'Offers', 'Reports'].map((name) => html`
        <span class=${name === 'Contacts' ? 'here' : ''} aria-current=${name === 'Contacts' ? 'page' : nothing}>${name}</span>`)}
    </nav>
    <main>
      <header>
        <div><h1>Contacts</h1><p>${CONTACTS.length} people · ${CONTACTS.filter(({ stage }) => stage === 'In talks').length} in talks</p></div>
        <input type="search" placeholder="Find a contact" aria-label="Find a contact" .value=${search}
          @input=${(event: Event) => { search = (event.target as HTMLInputElement).value; draw(); }}>
        <button class="dock" @click=${() => dock?.classList.toggle('open')} aria-label="Phone">${callIcon}</button>
      </header>
      ${popped && !popped.contact ? html`<p class="pop wide" role="status" data-testid="screen-pop">${callIcon}${popped.detail.name || popped.detail.number} is not among your contacts.</p>` : nothing}
      <div class="work">
        <div class="table"><table>
          <thead><tr><th>Name</th><th>Stage</th><th class="value">Value</th><th>Last contact</th><th>Phone</th></tr></thead>
          <tbody>${found.map(row)}</tbody>
        </table></div>
        ${selected ? detail(selected) : nothing}
      </div>
    </main>`, root);
};

const byNumber = (number: string): Contact | null => CONTACTS.find((contact) => contact.number === number) ?? null;

/** Opens the other side's contact. */
const pop = (event: Event): void => {
  const { detail: about } = event as CustomEvent<CallDetail>;
  const words = event.type === 'ringdown:answered' ? 'In a call' : 'Calling you';
  popped = { contact: byNumber(about.number), detail: about, words };
  selected = popped.contact ?? selected;
  dock?.classList.add('open');
  draw();
};

document.addEventListener('ringdown:incoming', pop);
document.addEventListener('ringdown:answered', pop);
document.addEventListener('ringdown:ended', () => {
  popped = null;
  draw();
});
draw();

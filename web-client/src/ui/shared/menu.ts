// A button that opens a list of things to do.
import { LitElement, css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { ifDefined } from 'lit/directives/if-defined.js';
import { icons, type IconName } from './icons.js';
import { base } from './styles.js';

/** Something to choose. */
export interface MenuItem {
  readonly label: string;
  readonly run: () => void;
  readonly icon?: IconName;
  /** A second line. */
  readonly hint?: string;
  /** One of several that exclude each other; true for the one that holds. */
  readonly checked?: boolean;
  readonly danger?: boolean;
  /** Several of these stand in one line. */
  readonly compact?: boolean;
  readonly disabled?: boolean;
  readonly testid?: string;
}

/**
 * A button (its content is the slot) and its menu, by the pattern of WAI-ARIA: Enter, Space and the arrow keys open it,
 * arrow keys move, a letter jumps, Escape closes. It lies above everything, so that no scrolling list cuts it off.
 */
@customElement('ringdown-menu')
export class Menu extends LitElement {
  static override styles = [base, css`
    :host { display: inline-block; }
    .opener { display: inline-flex; align-items: center; justify-content: center; gap: 6px; min-width: 40px; min-height: 40px; border-radius: 99px; transition: background-color .15s; }
    .opener:hover, .opener[aria-expanded='true'] { background: var(--sunken); }
    .opener.bare { min-width: 0; width: 100%; border-radius: var(--radius); justify-content: flex-start; text-align: start; }
    .list { position: fixed; inset: auto; margin: 0; padding: 6px; border: 0; min-width: 200px; max-width: min(320px, calc(100vw - 16px)); max-height: calc(100vh - 16px); overflow-y: auto; border-radius: 14px; background: var(--surface); color: var(--ink); box-shadow: var(--lift), 0 0 0 1px var(--line); }
    .list:popover-open { animation: rise .12s ease-out; }
    .item { display: flex; align-items: center; gap: 12px; width: 100%; min-height: 40px; padding: 6px 12px 6px 10px; border-radius: 9px; text-align: start; }
    .item > span { flex: 1; min-width: 0; }
    .item.compact > span { flex: none; }
    .item small { display: block; font-size: 12px; color: var(--soft); }
    .item svg { color: var(--soft); }
    .item:hover:not(:disabled), .item:focus-visible { background: var(--sunken); }
    .item:focus-visible { outline-offset: -2px; }
    .item.danger, .item.danger svg { color: var(--stop-text); }
    .item.compact { display: inline-flex; justify-content: center; width: 42px; padding: 0; font-size: 19px; }
    .item.compact[aria-checked='true'] { background: var(--tint); }
    .item .check { width: 20px; color: var(--accent); }
  `];

  /** What the button does, said to who cannot see it. */
  @property() label = '';
  @property({ attribute: false }) items: readonly MenuItem[] = [];
  /** The button takes the whole width and shows its own content alone. */
  @property({ type: Boolean }) bare = false;
  @property() testid = '';
  @state() private open = false;
  @query('.list') private list!: HTMLElement;
  @query('.opener') private opener!: HTMLButtonElement;

  override render(): TemplateResult {
    return html`
      <button type="button" part="opener" class="opener ${this.bare ? 'bare' : ''}" aria-haspopup="menu" aria-expanded=${this.open} aria-label=${ifDefined(this.label || undefined)} title=${ifDefined(this.bare ? undefined : this.label)}
        data-testid=${ifDefined(this.testid || undefined)} @click=${this.#toggle} @keydown=${this.#openerKey}><slot>${icons.more}</slot></button>
      <div class="list" popover="auto" role="menu" aria-label=${this.label} @toggle=${this.#toggled} @keydown=${this.#key}>
        ${this.open ? this.items.map((item) => this.#item(item)) : nothing}
      </div>`;
  }

  #item(item: MenuItem): TemplateResult {
    const radio = item.checked !== undefined;
    return html`
      <button type="button" class="item ${item.danger ? 'danger' : ''} ${item.compact ? 'compact' : ''}" role=${radio ? 'menuitemradio' : 'menuitem'} aria-checked=${ifDefined(item.checked)} tabindex="-1"
        ?disabled=${item.disabled ?? false} data-testid=${ifDefined(item.testid)} @click=${() => this.#choose(item)}>
        ${item.icon ? icons[item.icon] : nothing}<span>${item.label}${item.hint ? html`<small>${item.hint}</small>` : nothing}</span>
        ${radio && !item.compact ? html`<i class="check">${item.checked ? icons.check : nothing}</i>` : nothing}
      </button>`;
  }

  readonly #toggle = (): void => {
    if (this.open) this.list.hidePopover();
    else void this.#show('first');
  };

  async #show(at: 'first' | 'last'): Promise<void> {
    this.open = true;
    await this.updateComplete;
    this.list.showPopover();
    this.#place();
    const items = this.#buttons;
    (this.list.querySelector<HTMLElement>('[aria-checked=true]') ?? items.at(at === 'first' ? 0 : -1))?.focus();
  }

  /** Below the button where there is room, above it where not; within the window. */
  #place(): void {
    const from = this.opener.getBoundingClientRect();
    const { width, height } = this.list.getBoundingClientRect();
    const below = from.bottom + 4 + height <= innerHeight - 8;
    const top = below ? from.bottom + 4 : Math.max(8, from.top - 4 - height);
    const start = this.bare || from.left + width <= innerWidth - 8 ? from.left : from.right - width;
    this.list.style.top = `${top}px`;
    this.list.style.left = `${Math.max(8, Math.min(start, innerWidth - width - 8))}px`;
  }

  readonly #toggled = (event: Event): void => {
    if ((event as ToggleEvent).newState === 'closed') this.open = false;
  };

  #choose(item: MenuItem): void {
    this.list.hidePopover();
    this.opener.focus({ preventScroll: true });
    item.run();
  }

  readonly #openerKey = (event: KeyboardEvent): void => {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    event.preventDefault();
    void this.#show(event.key === 'ArrowDown' ? 'first' : 'last');
  };

  readonly #key = (event: KeyboardEvent): void => {
    event.stopPropagation();
    const items = this.#buttons;
    const at = items.indexOf((this.renderRoot as ShadowRoot).activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowRight: at + 1, ArrowUp: at - 1, ArrowLeft: at - 1, Home: 0, End: items.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      items[(to + items.length) % items.length]?.focus();
    } else if (event.key === 'Escape' || event.key === 'Tab') {
      if (event.key === 'Escape') event.preventDefault();
      this.list.hidePopover();
      this.opener.focus({ preventScroll: true });
    } else if (event.key.length === 1 && event.key !== ' ') {
      const wanted = event.key.toLowerCase();
      [...items.slice(at + 1), ...items.slice(0, at + 1)].find((item) => item.textContent.trim().toLowerCase().startsWith(wanted))?.focus();
    }
  };

  get #buttons(): HTMLElement[] {
    return [...this.list.querySelectorAll<HTMLElement>('.item:not(:disabled)')];
  }
}

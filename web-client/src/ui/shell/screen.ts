// Where the user is in the widget: which tab, what is open over it, what is said. Views are redrawn when it changes.
import type { TemplateResult } from 'lit';

/** A dialog over the widget. */
export interface Dialog {
  readonly title: string;
  /** What it asks or offers; `close` puts it away. Elements marked `data-main` get the keyboard. */
  readonly content: (close: () => void) => TemplateResult;
  /** The call it is about: it is put away when that ends. */
  readonly belongsTo?: unknown;
  /** Called when it is put away, by whatever way. */
  readonly onClose?: () => void;
}

/** A word at the lower edge that leaves by itself. */
export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly action?: { readonly label: string; readonly run: () => void };
}

/** Which tab is open and what within it. */
export interface Route {
  readonly tab: string;
  readonly params: Readonly<Record<string, string>>;
}

/** A view. */
interface Redrawn {
  requestUpdate(): void;
}

/** What the widget's frame shows. */
export abstract class Screen {
  /** Where the user is. */
  route: Route = { tab: 'people', params: {} };
  /** Which section of the settings is open: `''` for their list, null while they are closed. */
  settingsOpen: string | null = null;
  /** Whether the call under way was put aside for the lists. */
  minimised = false;
  /** Whether the list and what it opens stand side by side. */
  wide = false;
  /** The dialog that is open. */
  dialog: Dialog | null = null;
  /** What is said at the lower edge. */
  toasts: readonly Toast[] = [];
  readonly #views = new Set<Redrawn>();
  #nextToast = 1;

  /** Whether a call is under way that the lists may stand in front of. */
  protected abstract get isTalking(): boolean;

  /** Redraws `view` on every change. */
  watch(view: Redrawn): void {
    this.#views.add(view);
  }

  /** Leaves `view` alone. */
  unwatch(view: Redrawn): void {
    this.#views.delete(view);
  }

  /** Opens a tab, and within it what `params` name; a call under way is put aside where it would be in the way. */
  navigate(tab: string, params: Route['params'] = {}): void {
    this.route = { tab, params };
    this.settingsOpen = null;
    this.#putAside(Object.keys(params).length > 0);
    this.changed();
  }

  /** Opens a section of the settings, or their list. */
  openSettings(section = ''): void {
    this.settingsOpen = section;
    this.#putAside(false);
    this.changed();
  }

  /** How much room there is. */
  setWide(wide: boolean): void {
    if (wide === this.wide) return;
    this.wide = wide;
    this.changed();
  }

  /** Closes the settings and comes back to the call that was put aside. */
  closeSettings(): void {
    this.settingsOpen = null;
    this.minimised = false;
    this.changed();
  }

  /** Puts the call under way aside, or comes back to it. */
  minimise(minimised: boolean): void {
    this.minimised = minimised;
    if (!minimised) this.settingsOpen = null;
    this.changed();
  }

  /** Opens a dialog in place of the one that may be open. */
  openDialog(dialog: Dialog): void {
    this.closeDialog();
    this.dialog = dialog;
    this.changed();
  }

  /** Puts the dialog away. */
  closeDialog(): void {
    const { dialog } = this;
    if (!dialog) return;
    this.dialog = null;
    dialog.onClose?.();
    this.changed();
  }

  /** Says something at the lower edge for a few seconds; for what the user did and need not look at. */
  toast(text: string, action?: NonNullable<Toast['action']>): void {
    const toast: Toast = { id: this.#nextToast, text, ...(action ? { action } : {}) };
    this.#nextToast += 1;
    this.toasts = [...this.toasts.slice(-2), toast];
    // Who is to press a button needs longer to read.
    setTimeout(() => this.dropToast(toast.id), action ? TOAST_MS * 2 : TOAST_MS);
    this.changed();
  }

  /** Takes a word away. */
  dropToast(id: number): void {
    if (this.toasts.every((toast) => toast.id !== id)) return;
    this.toasts = this.toasts.filter((toast) => toast.id !== id);
    this.changed();
  }

  /** Redraws every view. */
  changed(): void {
    for (const view of this.#views) view.requestUpdate();
  }

  #putAside(stage: boolean): void {
    if (this.isTalking && (stage || !this.wide)) this.minimised = true;
  }
}

/** Long enough to read a line twice. */
const TOAST_MS = 6_000;

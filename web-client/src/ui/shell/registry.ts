// What the areas of the widget bring along. An area's `area.ts` registers it once, when the widget is loaded; nothing
// here knows any area.
import type { nothing, TemplateResult } from 'lit';
import type { Call, DirectoryEntry } from '../../index.js';
import type { MessageKey } from '../messages/index.js';
import type { IconName } from '../shared/icons.js';
import type { PhoneModel } from './phone-model.js';

/** Something to show, or nothing. */
export type Shown = TemplateResult | typeof nothing;

/** A page with a place in the navigation: `model.navigate(id, params)` opens it. */
export interface Tab {
  readonly id: string;
  readonly label: MessageKey;
  readonly icon: IconName;
  /** Tabs stand in this order. */
  readonly order: number;
  readonly render: (model: PhoneModel) => TemplateResult;
  /** What one of its entries opens into (a conversation, a person): beside the list where there is room, over it where not. */
  readonly detail?: (model: PhoneModel) => Shown;
  /** How many things wait there to be seen; 0 for none. */
  readonly badge?: (model: PhoneModel) => number;
  /** What the badge counts, for who does not see it; takes `count`. */
  readonly badgeLabel?: MessageKey;
  /** Whether it stays on the page while another tab is shown, with its search and its scrolling. */
  readonly keep?: boolean;
  /** Whether it is there at all. */
  readonly available?: (model: PhoneModel) => boolean;
}

/** A section of the settings. */
export interface SettingsSection {
  readonly id: string;
  readonly label: MessageKey;
  readonly icon: IconName;
  readonly order: number;
  readonly render: (model: PhoneModel) => TemplateResult;
  /** How it is set at the moment, in a few words beside its name. */
  readonly summary?: (model: PhoneModel) => string;
  readonly available?: (model: PhoneModel) => boolean;
}

/** A banner above the lists: see `notice()` in shared/parts.ts. */
export interface Notice {
  readonly id: string;
  readonly order: number;
  readonly render: (model: PhoneModel) => Shown;
}

/** A panel that opens beside a call from a button among the call's controls. */
export interface CallPanel {
  readonly id: string;
  readonly label: MessageKey;
  readonly icon: IconName;
  readonly order: number;
  readonly render: (model: PhoneModel, call: Call) => TemplateResult;
  readonly badge?: (model: PhoneModel, call: Call) => number;
  readonly available?: (model: PhoneModel, call: Call) => boolean;
}

/** Something that can be done with a person, beside calling them. */
export interface PersonAction {
  readonly id: string;
  readonly label: MessageKey;
  readonly icon: IconName;
  readonly order: number;
  readonly run: (model: PhoneModel, person: DirectoryEntry) => void;
  readonly available?: (model: PhoneModel, person: DirectoryEntry) => boolean;
}

/** What the header says of the user: the presence menu. */
export type Header = (model: PhoneModel) => TemplateResult;

const tabs: Tab[] = [];
const sections: SettingsSection[] = [];
const notices: Notice[] = [];
const panels: CallPanel[] = [];
const actions: PersonAction[] = [];
const begins: ((model: PhoneModel) => void)[] = [];
let head: Header | null = null;

const insert = <T extends { readonly id: string; readonly order: number }>(into: T[], entry: T): void => {
  if (into.some(({ id }) => id === entry.id)) throw new Error(`${entry.id} is registered twice`);
  into.push(entry);
  into.sort((one, other) => one.order - other.order);
};

/** Adds to the widget. */
export const register = {
  tab: (tab: Tab): void => insert(tabs, tab),
  settings: (section: SettingsSection): void => insert(sections, section),
  notice: (notice: Notice): void => insert(notices, notice),
  callPanel: (panel: CallPanel): void => insert(panels, panel),
  personAction: (action: PersonAction): void => insert(actions, action),
  header: (render: Header): void => { head = render; },
  /** Called whenever a client begins: the place to listen to it. `model.client` is set. */
  client: (begin: (model: PhoneModel) => void): void => { begins.push(begin); },
};

/** What was added. */
export const registered = {
  get tabs(): readonly Tab[] { return tabs; },
  get sections(): readonly SettingsSection[] { return sections; },
  get notices(): readonly Notice[] { return notices; },
  get panels(): readonly CallPanel[] { return panels; },
  get actions(): readonly PersonAction[] { return actions; },
  get header(): Header | null { return head; },
  get begins(): readonly ((model: PhoneModel) => void)[] { return begins; },
};

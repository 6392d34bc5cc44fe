// What a page and the phone it embeds say to each other over a message port. Pure.

/** Somebody as the page knows them. */
export interface Contact {
  readonly name: string;
  /** The page's own id of them: it comes back in events and records. */
  readonly id?: string;
  /** Beside the name: a company, a role. */
  readonly about?: string;
}

/** A call as events tell it. */
export interface CallDetail {
  /** The call on this device. */
  readonly id: string;
  /** The same on both sides and in the history. */
  readonly callId: string;
  readonly direction: 'inbound' | 'outbound';
  readonly number: string;
  readonly name: string;
  /** Whether it is on this device. */
  readonly mine: boolean;
  /** What its caller sent along. */
  readonly variables: Readonly<Record<string, string>>;
  readonly contact: Contact | null;
}

/** A call for the books: told anew with every change, by the same `id`. */
export interface CallRecord {
  /** The call's `callId`: stable, and the same in the history. */
  readonly id: string;
  readonly state: 'ringing' | 'active' | 'ended';
  readonly direction: 'inbound' | 'outbound';
  readonly number: string;
  readonly name: string;
  readonly contact: Contact | null;
  readonly variables: Readonly<Record<string, string>>;
  /** Unix milliseconds. */
  readonly createdAt: number;
  readonly answeredAt: number | null;
  readonly endedAt: number | null;
  /** Of talking. */
  readonly durationMs: number;
  /** How it ended; null while it goes on. */
  readonly reason: string | null;
  /** Nobody answered it here or elsewhere. */
  readonly missed: boolean;
}

/** What the phone tells, with what. */
export interface PhoneEventMap {
  ready: Readonly<Record<string, never>>;
  offline: Readonly<Record<string, never>>;
  call: CallDetail;
  incoming: CallDetail;
  answered: CallDetail;
  ended: CallDetail & { readonly reason: string; readonly by: string; readonly durationMs: number };
  record: CallRecord;
  screenPop: CallDetail;
}

/** What the page may ask of the phone. */
export type Order =
  | { readonly do: 'call'; readonly number: string; readonly variables: Readonly<Record<string, string>> }
  | { readonly do: 'answer' | 'decline' | 'hangup' | 'hold' | 'unhold'; readonly call: string }
  | { readonly do: 'mute'; readonly call: string; readonly on: boolean }
  | { readonly do: 'dtmf'; readonly call: string; readonly digits: string }
  | { readonly do: 'transfer'; readonly call: string; readonly to: string };

/** From the page to the phone. */
export type ToPhone =
  | { readonly order: Order; readonly id: number }
  | { readonly answer: number; readonly value: unknown }
  | { readonly begin: { readonly hasToken: boolean; readonly hasContacts: boolean; readonly lang: string; readonly isBack: boolean } };

/** From the phone to the page. */
export type ToPage =
  | { readonly event: keyof PhoneEventMap; readonly detail: PhoneEventMap[keyof PhoneEventMap] }
  | { readonly done: number; readonly error: { readonly name: string; readonly message: string } | null; readonly call: string | null }
  | { readonly ask: 'token'; readonly id: number }
  | { readonly ask: 'contact'; readonly id: number; readonly number: string };

/** Opens the port; sent once with it, to the phone's own origin only. */
export const CONNECT = 'ringdown:connect';
/** A phone in a window of its own looks for the page that opened it: that page may have been left for another. */
export const HERE = 'ringdown:here';

/** Whether a message says so: with the name of the page that says it. */
export const isHere = (data: unknown): data is string => typeof data === 'string' && data.startsWith(`${HERE} `);

/** An origin as browsers write it, of an address of a server. */
export const originOf = (server: string): string => new URL(server.replace(/^ws/, 'http'), location.href).origin;

/** A contact as a page gave it, or null: nothing else of it reaches the phone. */
export const readContact = (value: unknown): Contact | null => {
  if (typeof value !== 'object' || value === null) return null;
  const text = (key: string): string | undefined => {
    const part: unknown = (value as Record<string, unknown>)[key];
    return typeof part === 'string' && part !== '' ? part.slice(0, 200) : undefined;
  };
  const [name, id, about] = [text('name'), text('id'), text('about')];
  return name === undefined ? null : { name, ...(id === undefined ? {} : { id }), ...(about === undefined ? {} : { about }) };
};

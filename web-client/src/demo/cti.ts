// A stand-in for the CTI panel of a CRM. It has what the provider needs of Creatio's page (`Ext.define`, a base class with
// events, a table of calls) and draws what it is told, with a button for each bit a call offers.
import { OWN_FEATURES, defineCtiProvider, type BaseProvider, type CallFeature, type PanelCall, type PanelEvent } from '../modules/creatio/index.js';
import { SignIn } from '../modules/sign-in/index.js';

type Provider = BaseProvider & Record<string, (...args: unknown[]) => unknown>;

const part = <T extends HTMLElement>(id: string, type: new () => T): T => {
  const element = document.getElementById(id);
  if (element instanceof type) return element;
  throw new Error(`the page has no ${id}`);
};

/** The table [Calls]: one row a call, however often it is written. */
class Records {
  readonly #rows = new Map<string, HTMLTableRowElement>();

  save(call: PanelCall): string {
    const row = this.#rows.get(call.id) ?? part('records', HTMLTableSectionElement).insertRow();
    this.#rows.set(call.id, row);
    row.dataset.state = String(call.state);
    row.replaceChildren(...[call.id.slice(0, 8), call.callerId, call.calledId, String(call.state)].map((text) => {
      const cell = document.createElement('td');
      cell.textContent = text;
      return cell;
    }));
    return `record-${call.id}`;
  }
}

/** The panel: two calls at most, the second about the first. */
class Panel {
  readonly #records = new Records();
  readonly #calls = new Map<string, PanelCall>();
  #features = OWN_FEATURES.CAN_DIAL;
  provider: Provider | null = null;

  /** What `Terrasoft.BaseCtiProvider` gives its classes. */
  readonly base: BaseProvider = {
    fireEvent: (event, ...details) => this.#take(event, details[0]),
    updateDbCall: (call, done) => done(null, true, { responseText: JSON.stringify(this.#records.save(call)) }),
    callParent: () => undefined,
  };

  #take(event: PanelEvent, detail: unknown): void {
    switch (event) {
      case 'initialized':
        part('sign-in', HTMLFormElement).hidden = true;
        part('panel', HTMLElement).hidden = false;
        break;
      case 'agentStateChanged':
        part('agent', HTMLOutputElement).value = (detail as { userState: string }).userState;
        break;
      case 'callStarted':
        this.#calls.set((detail as PanelCall).id, detail as PanelCall);
        break;
      case 'callFinished':
        for (const [id, call] of this.#calls) if (call === detail) this.#calls.delete(id);
        break;
      case 'lineStateChanged': {
        const { callId, callFeaturesSet } = detail as { callId?: string; callFeaturesSet: number };
        if (callId === undefined) this.#features = callFeaturesSet;
        break;
      }
      case 'error':
        part('error', HTMLElement).textContent = (detail as { message: string }).message;
        break;
      default:
    }
    this.#draw();
  }

  #draw(): void {
    const calls = [...this.#calls.values()];
    part('calls', HTMLElement).replaceChildren(...calls.map((call, index) => this.#box(call, calls[index === 0 ? 1 : 0])));
    const dial = document.querySelector<HTMLButtonElement>('[data-feature=CAN_DIAL]');
    if (dial) dial.disabled = calls.length > 0 || !(this.#features & OWN_FEATURES.CAN_DIAL);
  }

  #box(call: PanelCall, other: PanelCall | undefined): HTMLElement {
    const box = document.createElement('div');
    box.className = 'call';
    box.dataset.testid = 'call';
    box.dataset.state = String(call.state);
    const heading = document.createElement('h3');
    heading.textContent = `${call.direction === 'IN' ? call.callerId : call.calledId} · ${String(call.state).toLowerCase()}`;
    const tools = document.createElement('div');
    tools.className = 'tools';
    const number = document.createElement('input');
    number.setAttribute('aria-label', 'Number to hand over to');
    number.dataset.testid = 'to';
    const button = (feature: CallFeature, label: string, run: (provider: Provider) => void): HTMLButtonElement => {
      const made = document.createElement('button');
      made.textContent = label;
      made.dataset.testid = feature.toLowerCase().replaceAll('_', '-');
      made.disabled = !(call.callFeaturesSet & OWN_FEATURES[feature]);
      made.addEventListener('click', () => { if (this.provider) run(this.provider); });
      return made;
    };
    tools.append(
      button('CAN_ANSWER', 'Answer', (provider) => provider.answerCall?.(call)),
      button('CAN_DROP', 'Hang up', (provider) => provider.dropCall?.(call)),
      button(call.state === 'HOLDED' ? 'CAN_UNHOLD' : 'CAN_HOLD', call.state === 'HOLDED' ? 'Take back' : 'Hold', (provider) => provider.holdCall?.(call)),
      number,
      button('CAN_MAKE_CONSULT_CALL', 'Ask first', (provider) => provider.makeConsultCall?.(call, number.value)),
      button('CAN_BLIND_TRANSFER', 'Hand over', (provider) => provider.blindTransferCall?.(call, number.value)),
      button('CAN_COMPLETE_TRANSFER', 'Hand over to them', (provider) => provider.transferCall?.(call, other)),
    );
    box.append(heading, tools);
    return box;
  }
}

const panel = new Panel();
const signIn = new SignIn({ server: '' });

/** Creatio's `Ext`, as far as it goes: a class is its one object, with what it inherits. */
const Ext = {
  define: (_name: string, definition: Record<string, unknown>): void => {
    panel.provider = Object.assign(panel.base, definition) as Provider;
  },
};

// `?raw-audio` leaves the sound as it is.
const raw = new URLSearchParams(location.search).has('raw-audio');
const audioConstraints = { echoCancellation: !raw, noiseSuppression: !raw, autoGainControl: !raw };
defineCtiProvider(Ext, { CallFeaturesSet: OWN_FEATURES }, { server: '', token: () => signIn.token(), audioConstraints });

part('sign-in', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  const form = new FormData(part('sign-in', HTMLFormElement));
  const field = (name: string): string => {
    const value = form.get(name);
    return typeof value === 'string' ? value : '';
  };
  signIn.signIn(field('name'), field('password')).then(() => panel.provider?.init?.(), (thrown: unknown) => {
    part('error', HTMLElement).textContent = thrown instanceof Error ? thrown.message : String(thrown);
  });
});

part('dial', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  const number = new FormData(part('dial', HTMLFormElement)).get('number');
  panel.provider?.makeCall?.(number);
});

part('state', HTMLSelectElement).addEventListener('change', ({ target }) => {
  if (target instanceof HTMLSelectElement) panel.provider?.setUserState?.(target.value, '');
});

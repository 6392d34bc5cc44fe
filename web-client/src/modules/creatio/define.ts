// The provider as a class of Creatio's page.
import { OWN_FEATURES, type CallFeature, type CallFeatures } from './bits.js';
import { CtiProvider, type CtiProviderOptions } from './cti-provider.js';
import type { PanelCall } from './panel-call.js';
import type { PanelEvent } from './panel.js';

/** What is used of Creatio's `Terrasoft`. */
export interface TerrasoftLike {
  readonly CallFeaturesSet?: Readonly<Partial<Record<CallFeature, number>>>;
  readonly GeneralizedCallState?: Readonly<Record<string, unknown>>;
  readonly CallDirection?: Readonly<Record<string, unknown>>;
}

/** What is used of Creatio's `Ext`. */
export interface ExtLike {
  readonly define: (name: string, definition: Record<string, unknown>) => unknown;
}

/** What the class inherits from `Terrasoft.BaseCtiProvider`. */
export interface BaseProvider {
  fireEvent: (event: PanelEvent, ...details: readonly unknown[]) => void;
  updateDbCall?: (call: PanelCall, done: (request: unknown, success: boolean, response: { responseText: string }) => void) => void;
  callParent?: (args: unknown) => void;
  provider?: CtiProvider;
}

/** The name of the class, for the panel's settings. */
export const PROVIDER_CLASS = 'Terrasoft.integration.telephony.RingdownCtiProvider';

/** Gives Creatio a CTI provider: call it from a client module, with the page's own `Ext` and `Terrasoft`. */
export const defineCtiProvider = (ext: ExtLike, terrasoft: TerrasoftLike, options: CtiProviderOptions): void => {
  const method = (name: keyof CtiProvider) => function call(this: BaseProvider, ...args: unknown[]): unknown {
    const provider = (this.provider ??= providerFor(this, terrasoft, options));
    return (provider[name] as (...given: unknown[]) => unknown).apply(provider, args);
  };
  const getter = (name: 'activeCall' | 'consultCall' | 'deviceId') => function get(this: BaseProvider): unknown {
    return this.provider?.[name] ?? null;
  };
  ext.define(PROVIDER_CLASS, {
    extend: 'Terrasoft.BaseCtiProvider',
    alternateClassName: 'Terrasoft.RingdownCtiProvider',
    singleton: true,
    init(this: BaseProvider, ...args: unknown[]): void {
      this.callParent?.(args);
      (this.provider ??= providerFor(this, terrasoft, options)).connect();
    },
    getActiveCall: getter('activeCall'),
    getConsultCall: getter('consultCall'),
    getDeviceId: getter('deviceId'),
    ...Object.fromEntries(METHODS.map((name) => [name, method(name)])),
    queryLineState: nothing,
    queryActiveCallSnapshot: nothing,
    queryUserState: nothing,
    changeCallCentreState: nothing,
  });
};

const METHODS = [
  'connect', 'reConnect', 'closeConnection', 'makeCall', 'answerCall', 'dropCall', 'holdCall', 'makeConsultCall', 'transferCall',
  'cancelTransfer', 'blindTransferCall', 'sendDtmf', 'setVideoState', 'setUserState', 'getCapabilities',
] as const;

/** All of it is told by events. */
const nothing = (): void => undefined;

const providerFor = (base: BaseProvider, terrasoft: TerrasoftLike, options: CtiProviderOptions): CtiProvider => {
  const states = terrasoft.GeneralizedCallState ?? {};
  const directions = terrasoft.CallDirection ?? {};
  const state = (name: string): unknown => states[name] ?? name;
  return new CtiProvider({
    features: featuresOf(terrasoft.CallFeaturesSet),
    states: { NONE: state('NONE'), ALERTING: state('ALERTING'), CONNECTED: state('CONNECTED'), HOLDED: state('HOLDED') },
    directions: { IN: directions.IN ?? 'IN', OUT: directions.OUT ?? 'OUT' },
    fire: (event, ...details) => base.fireEvent(event, ...details),
    save: (call) => base.updateDbCall?.(call, (_request, success, response) => {
      const id: unknown = success ? JSON.parse(response.responseText) : null;
      if (typeof id !== 'string') {
        base.fireEvent('error', { errorType: 'COMMAND_ERROR', message: 'The call was not written to the table.', data: response.responseText });
        return;
      }
      call.databaseUId = id;
      base.fireEvent('callSaved', call);
    }),
  }, options);
};

/** The page's own bits, where it has them. */
const featuresOf = (page: TerrasoftLike['CallFeaturesSet']): CallFeatures => {
  if (!page) return OWN_FEATURES;
  const names = Object.keys(OWN_FEATURES) as CallFeature[];
  return Object.fromEntries(names.map((name) => [name, page[name] ?? 0])) as CallFeatures;
};

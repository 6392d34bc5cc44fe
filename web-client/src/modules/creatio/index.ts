// A CTI provider for Creatio on this library.
export { CtiProvider } from './cti-provider.js';
export type { CtiProviderOptions } from './cti-provider.js';
export { PROVIDER_CLASS, defineCtiProvider } from './define.js';
export type { BaseProvider, ExtLike, TerrasoftLike } from './define.js';
export { OWN_FEATURES } from './bits.js';
export type { CallFeature, CallFeatures } from './bits.js';
export type { PanelCall, PanelState } from './panel-call.js';
export type { Panel, PanelEvent } from './panel.js';

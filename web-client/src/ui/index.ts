// The widget: importing this file defines <ringdown-phone>.
export { RingdownPhone } from './shell/ringdown-phone.js';
export * from '../index.js';

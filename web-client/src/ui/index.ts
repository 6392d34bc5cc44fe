// The widget: importing this file defines <ringdown-phone>.
export { RingdownPhone } from './ringdown-phone.js';
export * from '../index.js';

// What the widget brings for the page around it: calls that reach this browser while the phone is closed.
import { html } from 'lit';
import { register } from '../shell/registry.js';
import './push-view.js';

register.settings({
  id: 'push', label: 'push.title', icon: 'bell', order: 40,
  // Only pages of the server's own origin have its service worker.
  available: (model) => model.accessToken !== null && 'serviceWorker' in navigator && location.pathname.endsWith('/phone.html'),
  render: (model) => html`<ringdown-push .model=${model}></ringdown-push>`,
});

// Calls and forwards, language and colours, the account.
import { html } from 'lit';
import { register } from '../shell/registry.js';
import { LANGUAGES, language } from '../messages/index.js';
import './appearance-view.js';
import './account-view.js';
import './calls-view.js';

register.settings({ id: 'appearance', label: 'settings.appearance', icon: 'palette', order: 80, summary: () => LANGUAGES[language()], render: (model) => html`<ringdown-appearance .model=${model}></ringdown-appearance>` });
register.settings({ id: 'account', label: 'settings.account', icon: 'account', order: 90, summary: (model) => model.client?.me?.name ?? '', render: (model) => html`<ringdown-account .model=${model}></ringdown-account>` });
register.settings({ id: 'calls', label: 'settings.calls', icon: 'forward', order: 10, render: (model) => html`<ringdown-call-settings .model=${model}></ringdown-call-settings>` });

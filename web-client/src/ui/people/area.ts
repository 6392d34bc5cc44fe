// People and calls of the past.
import { html } from 'lit';
import { register } from '../shell/registry.js';
import './people-view.js';
import './recents-view.js';

register.tab({ id: 'people', label: 'people.people', icon: 'people', order: 10, keep: true, render: (model) => html`<ringdown-people .model=${model}></ringdown-people>` });
register.tab({ id: 'recents', label: 'people.recent', icon: 'recent', order: 30, render: (model) => html`<ringdown-recents .model=${model}></ringdown-recents>` });

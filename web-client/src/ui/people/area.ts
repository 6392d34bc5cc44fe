// People, calls of the past, voicemail, and the user at the head.
import { html } from 'lit';
import { register } from '../shell/registry.js';
import { beginPeople, peopleOf } from './people-of.js';
import './people-view.js';
import './presence-menu.js';
import './recents-view.js';
import './voicemail-view.js';

register.client(beginPeople);
register.header((model) => html`<ringdown-me .model=${model}></ringdown-me>`);
register.tab({ id: 'people', label: 'people.people', icon: 'people', order: 10, keep: true, render: (model) => html`<ringdown-people .model=${model}></ringdown-people>` });
register.tab({
  id: 'recents', label: 'people.recent', icon: 'recent', order: 30, badge: (model) => peopleOf(model)?.missed ?? 0, badgeLabel: 'people.missed-count',
  render: (model) => html`<ringdown-recents .model=${model}></ringdown-recents>`,
});
register.tab({
  id: 'voicemail', label: 'people.voicemail', icon: 'voicemail', order: 50, badge: (model) => peopleOf(model)?.voicemail.new ?? 0, badgeLabel: 'people.new-messages',
  render: (model) => html`<ringdown-voicemail .model=${model}></ringdown-voicemail>`,
});

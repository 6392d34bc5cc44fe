// The user at the head of the widget: how others see them, and changing it.
import { css, html, type TemplateResult } from 'lit';
import { customElement } from 'lit/decorators.js';
import type { DirectoryEntry } from '../../index.js';
import type { Word } from '../../modules/people/index.js';
import { t } from '../messages/index.js';
import type { MenuItem } from '../shared/menu.js';
import { avatar } from '../shared/parts.js';
import { presenceText, statusText } from '../shared/people.js';
import { base } from '../shared/styles.js';
import { PhoneView } from '../shell/phone-view.js';
import { openPresence } from './card.js';
import { faceOf, peopleOf } from './people-of.js';
import { WORDS, wordText } from './presence-words.js';
import '../shared/menu.js';

/** The user's picture, number and presence; a menu says something else. */
@customElement('ringdown-me')
export class MeView extends PhoneView {
  static override styles = [base, css`
    :host { flex: 1; min-width: 0; }
    ringdown-menu { width: 100%; }
    .me { display: flex; align-items: center; gap: 11px; line-height: 1.3; padding: 2px 8px 2px 4px; min-width: 0; }
    .me > span { min-width: 0; }
    b { display: block; font-weight: 600; }
    .soft { display: block; font-size: 12.5px; }
  `];

  override render(): TemplateResult {
    const { client } = this.model;
    const me = peopleOf(this.model)?.me;
    const isReady = client?.state === 'ready';
    const name = client?.me?.name ?? '';
    const extension = client?.me?.extension ?? '';
    const status = isReady && me ? statusText(me) : presenceText(isReady ? 'online' : 'offline');
    const line = `${extension ? `${extension} · ` : ''}${status}`;
    const face = isReady && me ? faceOf(this.model, me) : { name, presence: isReady ? 'online' as const : 'offline' as const };
    return html`
      <ringdown-menu bare testid="presence" .items=${isReady ? this.#items(me) : []}>
        <span class="me">${avatar(face, 'tiny')}
          <span><b class="clip">${name}</b><span class="soft digits clip" data-testid="my-status">${line}</span></span><span class="sr">${t('presence.menu')}</span></span>
      </ringdown-menu>`;
  }

  #items(me: DirectoryEntry | undefined): readonly MenuItem[] {
    const said: Word = me?.activity ?? 'ready';
    const items = WORDS.map((word): MenuItem => ({
      label: wordText(word), checked: word === said, testid: `say-${word}`,
      ...(word === 'dnd' ? { hint: t('presence.dnd-hint') } : {}),
      run: () => void this.model.act(async () => peopleOf(this.model)?.say(word)),
    }));
    return [...items, { label: t('presence.note-and-end'), icon: 'edit', testid: 'say-more', run: () => openPresence(this.model) }];
  }
}

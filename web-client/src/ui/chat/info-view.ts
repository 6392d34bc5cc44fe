// About a conversation: who is in it, what it is called, who comes and goes; whom one takes no messages from; a copy.
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { Chat, ChatMember, Conversation } from './types.js';
import { t } from '../messages/index.js';
import { avatar, formRow, iconButton, row, toggle } from '../shared/parts.js';
import { nameOf } from '../shared/people.js';
import { base } from '../shared/styles.js';
import { PhoneView } from '../shell/phone-view.js';
import { attempt, chatOf, textOf, titleOf } from './chats.js';
import './people-choice.js';

/** The dialog about a conversation. */
@customElement('ringdown-chat-info')
export class ChatInfo extends PhoneView {
  static override styles = [base, css`
    :host { display: grid; gap: 14px; }
    form { display: flex; gap: 8px; align-items: end; }
    form .formrow { flex: 1; }
    .row { min-height: 46px; }
    .actions { display: flex; flex-wrap: wrap; gap: 8px; }
  `];

  @property({ attribute: false }) conversation!: Conversation;
  /** Closes the dialog it is in. */
  @property({ attribute: false }) close: () => void = () => undefined;
  @state() private wanted: string | null = null;
  @state() private adding: readonly string[] | null = null;
  @state() private isSaving = false;
  #isAsked = false;

  protected override willUpdate(): void {
    // Of large conversations members are told to who asks.
    if (this.#isAsked || this.conversation.members.length > 0) return;
    this.#isAsked = true;
    attempt(this.model, (chat) => chat.open({ conversation: this.conversation.id }));
  }

  get #chat(): Chat | null { return chatOf(this.model); }

  override render(): TemplateResult {
    const { info } = this.conversation;
    const peer = info.kind === 'direct' ? info.peer?.userId : undefined;
    return html`
      ${info.kind === 'group' ? this.#name() : nothing}
      ${info.kind === 'direct' ? nothing : this.#members()}
      ${peer ? toggle(t('chat.block'), this.#chat?.blocked.has(peer) ?? false, (on) => attempt(this.model, (chat) => chat.block(peer, on)), { hint: t('chat.block-hint'), testid: 'chat-block' }) : nothing}
      <div class="actions">
        <button class="button small" ?disabled=${this.isSaving} @click=${() => attempt(this.model, () => this.#save())} data-testid="chat-export">${t('chat.export')}</button>
        ${info.kind === 'direct' ? nothing : html`<button class="button small danger" @click=${() => this.#leave()} data-testid="chat-leave">${t('chat.leave')}</button>`}
      </div>`;
  }

  #name(): TemplateResult {
    const { title } = this.conversation.info;
    const wanted = (this.wanted ?? title).trim();
    return html`<form @submit=${(event: Event) => {
      event.preventDefault();
      this.#change({ title: wanted }, () => { this.wanted = null; });
    }}>${formRow('group-title', t('chat.group-name'), html`<input class="field" id="group-title" data-main maxlength="100" required .value=${this.wanted ?? title}
        @input=${(event: Event) => { this.wanted = (event.target as HTMLInputElement).value; }} data-testid="group-title">`)}
      <button class="button" ?disabled=${wanted === '' || wanted === title} data-testid="rename-group">${t('chat.save')}</button></form>`;
  }

  #members(): TemplateResult {
    const { members, info } = this.conversation;
    const me = this.model.client?.me?.userId;
    const mayRemove = info.kind === 'group' && members.some(({ party, isOwner }) => isOwner && party.userId === me);
    const { adding } = this;
    return html`
      <h3 class="heading">${t('chat.members')} · ${info.memberCount}</h3>
      <ul aria-label=${t('chat.members')} data-testid="chat-members">${members.map((member) => this.#member(member, mayRemove && member.party.userId !== me))}</ul>
      ${info.kind !== 'group' ? nothing : adding === null
        ? html`<button class="button small" @click=${() => { this.adding = []; }} data-testid="add-members">${t('chat.add-members')}</button>`
        : html`<ringdown-people-choice .model=${this.model} .without=${members.map(({ party }) => party.userId ?? '')} @choose=${(event: CustomEvent<readonly string[]>) => { this.adding = event.detail; }}></ringdown-people-choice>
          <button class="button primary small" ?disabled=${adding.length === 0} @click=${() => this.#change({ add: adding }, () => { this.adding = null; })} data-testid="add-chosen">${t('chat.add-members')}</button>`}`;
  }

  #member({ party, isOwner }: ChatMember, mayRemove: boolean): TemplateResult {
    const { userId } = party;
    const entry = this.model.client?.directory.entries.find((one) => one.userId === userId);
    return html`<li class="row" data-testid="chat-member" data-name=${nameOf(party)}>${row({
      start: avatar(entry ?? { name: nameOf(party) }, 'tiny'), title: nameOf(party), more: isOwner ? t('chat.owner') : undefined,
      end: mayRemove && userId !== null ? iconButton({ icon: 'remove', label: t('chat.remove', { name: nameOf(party) }), run: () => this.#change({ remove: [userId] }), testid: 'remove-member' }) : undefined,
    })}</li>`;
  }

  #change(change: Parameters<Chat['change']>[1], done: () => void = () => undefined): void {
    attempt(this.model, async (chat) => {
      await chat.change(this.conversation.id, change);
      done();
    });
  }

  #leave(): void {
    const { conversation } = this;
    const leave = (close: () => void): void => {
      close();
      attempt(this.model, async (chat) => {
        await chat.leave(conversation.id);
        // Another one may be looked at by now.
        if (this.model.route.params.with === conversation.id) this.model.navigate('chat', {});
      });
    };
    this.model.openDialog({
      title: t('chat.leave'),
      content: (close) => html`<p>${t('chat.leave-sure', { title: titleOf(conversation) })}</p>
        <div class="choice"><button class="button" data-main @click=${close} data-testid="leave-cancel">${t('chat.stay')}</button>
          <button class="button danger" @click=${() => leave(close)} data-testid="leave-sure">${t('chat.leave')}</button></div>`,
    });
  }

  /** All that is kept of the conversation, as a text to keep. */
  async #save(): Promise<void> {
    this.isSaving = true;
    try {
      const lines: string[] = [];
      for await (const page of this.#chat?.all(this.conversation.id) ?? []) {
        lines.push(...page.map((message) => `${new Date(message.at).toISOString()} ${nameOf(message.from)}: ${textOf(message)}`));
      }
      const url = URL.createObjectURL(new Blob([`${lines.reverse().join('\n')}\n`], { type: 'text/plain;charset=utf-8' }));
      Object.assign(document.createElement('a'), { href: url, download: `${titleOf(this.conversation)}.txt` }).click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
    } finally {
      this.isSaving = false;
    }
  }
}

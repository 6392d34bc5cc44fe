// A conference: who is in it, who talks, and what a moderator may do.
import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import type { Call, RoomInvitation, RoomMember, RoomState } from '../../index.js';
import { t } from '../messages/index.js';
import { icons } from '../shared/icons.js';
import '../shared/menu.js';
import type { MenuItem } from '../shared/menu.js';
import { avatar, iconButton, row } from '../shared/parts.js';
import { nameOf, photoOf } from '../shared/people.js';
import { base } from '../shared/styles.js';
import { PhoneView } from '../shell/phone-view.js';
import { chooseFor } from './transfer-view.js';

/** The members of the room that a call is in. */
@customElement('ringdown-room')
export class RoomView extends PhoneView {
  static override styles = [base, css`
    :host { display: flex; flex-direction: column; width: 100%; max-width: 460px; min-height: 0; text-align: start; }
    header { display: flex; align-items: center; gap: 4px; padding: 0 0 4px 8px; }
    h3 { flex: 1; min-width: 0; font-size: 12.5px; font-weight: 600; color: var(--soft); }
    ul { flex: 1; min-height: 0; }
    .row { min-height: 50px; padding: 4px 4px 4px 8px; }
    .avatar { transition: box-shadow .12s; }
    .talking .avatar { box-shadow: 0 0 0 2px var(--at), 0 0 0 4px var(--go); }
    .more svg { font-size: 15px; }
    .invited .avatar { outline: 2px dashed var(--ring); outline-offset: 2px; }
    .off { color: var(--stop-text); }
    .round[aria-pressed='true'] { background: var(--warn-tint); color: var(--warn-text); }
  `];

  @property({ attribute: false }) call!: Call;
  @property({ attribute: false }) room!: RoomState;
  @state() private talking: ReadonlySet<string> = new Set();
  #off: (() => void) | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#off = this.model.client?.on('roomTalking', (room, member, isTalking) => {
      if (room !== this.room.room) return;
      const talking = new Set(this.talking);
      if (isTalking) talking.add(member);
      else talking.delete(member);
      this.talking = talking;
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#off?.();
  }

  override render(): TemplateResult {
    const { room, model, call } = this;
    const me = room.members.find(({ id }) => id === call.id);
    const { isLocked } = room;
    return html`
      <header>
        <h3>${t('calls.members', { count: room.members.length })}${isLocked ? html` · ${t('calls.locked')}` : nothing}</h3>
        ${me?.isModerator ? iconButton({
          icon: isLocked ? 'lock' : 'unlock', label: t(isLocked ? 'calls.unlock-room' : 'calls.lock-room'), pressed: isLocked, testid: 'room-lock',
          run: () => void model.act(async () => model.client?.rooms.lock(room.room, !isLocked)),
        }) : nothing}
        ${me?.isModerator && this.#loud.length > 0 ? iconButton({ icon: 'micOff', label: t('calls.mute-all'), testid: 'room-mute-all', run: () => void model.act(() => this.#muteAll()) }) : nothing}
        ${iconButton({ icon: 'addPerson', label: t('calls.add-title'), testid: 'room-add', run: () => chooseFor(model, call, 'add') })}
      </header>
      <ul class="scroll" data-testid="room" data-locked=${isLocked}>${repeat(room.members, ({ id }) => id, (member) => this.#member(member, me))}${
        repeat(room.invited, ({ id }) => id, (invitation) => this.#invitation(invitation, me))}</ul>`;
  }

  /** Who is heard, but for the user. */
  get #loud(): readonly RoomMember[] {
    return this.room.members.filter(({ id, isMuted }) => id !== this.call.id && !isMuted);
  }

  async #muteAll(): Promise<void> {
    const { room, model } = this;
    await Promise.all(this.#loud.map(async ({ id }) => model.client?.rooms.mute(room.room, id)));
  }

  #member(member: RoomMember, me: RoomMember | undefined): TemplateResult {
    const { id, party, isModerator, isMuted, isSilenced } = member;
    const isMe = id === me?.id;
    const name = isMe ? t('calls.you') : nameOf(party);
    const isTalking = this.talking.has(id) && !isMuted;
    const words = [isTalking ? t('calls.talking') : '', isSilenced ? t('calls.silenced') : isMuted ? t('calls.muted') : '', isModerator ? t('calls.moderator') : ''].filter(Boolean).join(' · ') || party.number;
    const items = this.#items(member, me);
    return html`
      <li class="row ${isTalking ? 'talking' : ''}" data-testid="room-member" data-number=${party.number} data-muted=${isMuted} data-talking=${isTalking}>
        ${row({
          start: avatar({ name: nameOf(party), photo: photoOf(this.model, party) }),
          title: name,
          more: html`${isMuted ? html`<span class="off">${icons.micOff}</span>` : nothing}<span class="clip digits">${words}</span>`,
          end: items.length > 0 ? html`<ringdown-menu label=${t('calls.more-with', { name })} .items=${items} testid="member-more"></ringdown-menu>` : undefined,
        })}
      </li>`;
  }

  /** Somebody who is called and not here yet. */
  #invitation({ id, party, by, isRinging }: RoomInvitation, me: RoomMember | undefined): TemplateResult {
    const name = nameOf(party);
    const mayTakeBack = me?.isModerator === true || by === this.model.client?.me?.userId;
    return html`
      <li class="row invited" data-testid="room-invited" data-number=${party.number} data-ringing=${isRinging}>
        ${row({
          start: avatar({ name, photo: photoOf(this.model, party) }),
          title: name,
          more: html`<span class="clip" role="status">${t(isRinging ? 'calls.ringing' : 'calls.calling')}</span>`,
          end: mayTakeBack ? iconButton({
            icon: 'close', label: t('calls.uninvite', { name }), testid: 'uninvite',
            run: () => void this.model.act(async () => this.model.client?.request('room.uninvite', { room: this.room.room, invitation: id })),
          }) : undefined,
        })}
      </li>`;
  }

  #items({ id, isMuted, isSilenced, party, gain }: RoomMember, me: RoomMember | undefined): readonly MenuItem[] {
    if (!me?.isModerator || id === me.id) return [];
    const { rooms } = this.model.client ?? {};
    const act = (work: () => Promise<void> | undefined) => (): void => void this.model.act(async () => work());
    const { room } = this.room;
    return [
      // A mute of the member's own is the member's to lift.
      isSilenced ? { label: t('calls.let-speak'), icon: 'mic', run: act(() => rooms?.mute(room, id, false)), testid: 'member-unmute' }
        : { label: t('calls.silence'), icon: 'micOff', disabled: isMuted && !isSilenced, run: act(() => rooms?.mute(room, id)), testid: 'member-mute' },
      { label: t('calls.louder'), icon: 'speaker', disabled: gain >= 20, run: act(() => rooms?.gain(room, id, Math.min(20, gain + 5))), testid: 'member-louder' },
      { label: t('calls.softer'), icon: 'speaker', disabled: gain <= -20, run: act(() => rooms?.gain(room, id, Math.max(-20, gain - 5))), testid: 'member-softer' },
      { label: t('calls.take-out', { name: nameOf(party) }), icon: 'remove', danger: true, run: act(() => rooms?.remove(room, id)), testid: 'member-remove' },
    ];
  }
}

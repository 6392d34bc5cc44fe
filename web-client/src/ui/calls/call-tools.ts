// The buttons of a call under way.
import { html, nothing, type TemplateResult } from 'lit';
import { ifDefined } from 'lit/directives/if-defined.js';
import type { Call, RingdownError } from '../../index.js';
import { t } from '../messages/index.js';
import { icons, type IconName } from '../shared/icons.js';
import '../shared/menu.js';
import type { MenuItem } from '../shared/menu.js';
import { badge } from '../shared/parts.js';
import type { PhoneModel } from '../shell/phone-model.js';
import { registered } from '../shell/registry.js';
import { park } from './moves.js';
import { toggleRecording } from './recorded.js';
import { chooseFor } from './transfer-view.js';

/** What a button of a call is made of. */
interface Tool {
  readonly id: string;
  readonly icon: IconName;
  readonly label: string;
  readonly run: () => void;
  /** What the label is short for. */
  readonly title?: string;
  readonly pressed?: boolean;
  readonly expanded?: boolean;
  readonly disabled?: boolean;
  readonly count?: number;
}

/** How much room there is: all but the rarest (`full`), what fits a phone (`grid`), the least beside a picture (`dock`). */
export type Layout = 'grid' | 'dock' | 'full';

const SHOWN: Readonly<Record<Layout, readonly string[]>> = {
  grid: ['mute', 'keypad', 'hold', 'audio', 'add', 'transfer', 'camera'],
  dock: ['mute', 'camera', 'share', 'keypad'],
  full: ['mute', 'keypad', 'hold', 'audio', 'camera', 'share', 'add', 'transfer'],
};

/** Buttons, and a menu of what has no room. */
export const callTools = (model: PhoneModel, call: Call, layout: Layout, panel: string | null, toggle: (panel: string) => void): TemplateResult => {
  const tools = toolsOf(model, call, panel, toggle);
  const shown = SHOWN[layout].flatMap((id) => tools.filter((tool) => tool.id === id));
  const rest = tools.filter((tool) => !shown.includes(tool));
  const waiting = rest.reduce((sum, { count }) => sum + (count ?? 0), 0);
  const items: MenuItem[] = rest.map(({ id, icon, label, title, run, disabled, pressed }) => ({ label: title ?? label, icon, run, testid: id, ...(disabled ? { disabled } : {}), ...(pressed ? { checked: true } : {}) }));
  return html`
    <div class="tools ${layout}" role="group" aria-label=${t('calls.controls')}>
      ${shown.map(({ id, icon, label, title, run, pressed, expanded, disabled, count }) => html`
        <button class="tool" aria-pressed=${ifDefined(pressed)} aria-expanded=${ifDefined(expanded)} aria-label=${ifDefined(title ?? (layout === 'dock' ? label : undefined))}
          title=${ifDefined(layout === 'dock' ? title ?? label : undefined)} ?disabled=${disabled ?? false} @click=${run} data-testid=${id}>
          <i>${icons[icon]}${badge(count ?? 0, String(count))}</i><span class="word clip" aria-hidden=${ifDefined(layout === 'dock' ? true : undefined)}>${label}</span></button>`)}
      ${items.length === 0 ? nothing : html`
        <ringdown-menu class="tool-menu" .items=${items} label=${t('calls.more')} testid="more"><span class="tool"><i>${icons.more}${badge(waiting, String(waiting))}</i><span class="word clip">${t('calls.more')}</span></span></ringdown-menu>`}
    </div>`;
};

/** Lets the user choose what is shown. Whoever closed the browser's own question knows that nothing is shared. */
export const shareScreen = (model: PhoneModel, call: Call): Promise<void> =>
  model.act(() => call.startScreenShare().catch((error: unknown) => { if ((error as RingdownError).name !== 'screen-refused') throw error; }));

const toolsOf = (model: PhoneModel, call: Call, panel: string | null, toggle: (panel: string) => void): readonly Tool[] => {
  const { camera, screen } = call.video;
  const { can, muted, held } = call;
  const recorded = call.info.recording !== undefined;
  const show = (on: boolean, stop: () => void, start: () => Promise<void>): void => {
    if (on) stop();
    // Whoever closed the browser's own question knows that nothing is shared.
    else void model.act(() => start().catch((error: unknown) => { if ((error as RingdownError).name !== 'screen-refused') throw error; }));
  };
  return [
    { id: 'mute', icon: muted ? 'micOff' : 'mic', label: t(muted ? 'calls.muted' : 'calls.mute'), pressed: muted, disabled: !can.mute, run: () => void model.act(() => call.mute(!muted)) },
    { id: 'keypad', icon: 'keypad', label: t('calls.keypad'), expanded: panel === 'keypad', disabled: !can.dtmf, run: () => toggle('keypad') },
    { id: 'hold', icon: held ? 'play' : 'pause', label: t(held ? 'calls.resume' : 'calls.hold'), pressed: held, disabled: !can.hold && !can.unhold, run: () => void (held ? model.resume(call) : model.act(() => call.hold())) },
    { id: 'camera', icon: camera ? 'video' : 'videoOff', label: t('calls.camera'), pressed: camera !== null, disabled: !can.video, run: () => show(camera !== null, () => call.stopVideo(), () => call.startVideo()) },
    ...(canShare ? [{ id: 'share', icon: 'screen', label: t(screen ? 'calls.sharing' : 'calls.share'), title: t(screen ? 'calls.stop-sharing' : 'calls.share-screen'), pressed: screen !== null, disabled: !can.video, run: () => show(screen !== null, () => call.stopScreenShare(), () => call.startScreenShare()) } as const] : []),
    { id: 'add', icon: 'addPerson', label: t('calls.add'), title: t('calls.add-title'), disabled: !can.transfer, run: () => chooseFor(model, call, 'add') },
    { id: 'transfer', icon: 'transfer', label: t('calls.transfer'), disabled: !can.transfer, run: () => chooseFor(model, call, 'transfer') },
    ...registered.panels.filter(({ available }) => available?.(model, call) ?? true).map(({ id, icon, label, badge: count }) => ({
      id, icon, label: t(label), expanded: panel === id, count: count?.(model, call) ?? 0, run: () => toggle(id),
    })),
    ...(call.info.mayRecord || recorded ? [{ id: 'record', icon: 'record', label: t(recorded ? 'calls.stop-recording' : 'calls.record'), pressed: recorded, disabled: !can.record && !recorded, run: () => void toggleRecording(model, call) } as const] : []),
    { id: 'park', icon: 'park', label: t('calls.park'), disabled: !can.park, run: () => void park(model, call) },
  ];
};

/** Telephones' browsers cannot share their screen. */
const canShare = 'mediaDevices' in navigator && 'getDisplayMedia' in navigator.mediaDevices;

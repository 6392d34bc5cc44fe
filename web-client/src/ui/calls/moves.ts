// What is done with more than one call: asking somebody first, handing on, merging, parking, adding people.
import type { Call, EndReason, RoomInvitation } from '../../index.js';
import { t } from '../messages/index.js';
import { nameOf } from '../shared/people.js';
import type { Picked } from '../shared/picker.js';
import type { PhoneModel } from '../shell/phone-model.js';
import { endOf } from './words.js';

/** Why somebody is asked while another waits. */
export type Purpose = 'transfer' | 'add';

/** A question: a call that waits, and the call to the person who is asked about it. */
export interface Question {
  readonly waiting: Call;
  readonly purpose: Purpose;
}

/** By the call to the person who is asked. */
const questions = new WeakMap<Call, Question>();

/** The question that `asked` or `waiting` is a part of, with both calls; null where there is none. */
export const questionOf = (model: PhoneModel, call: Call): (Question & { readonly asked: Call }) | null => {
  const asked = [call, ...model.others(call)].find((one) => {
    const question = questions.get(one);
    return question && !question.waiting.end && (one === call || question.waiting === call);
  });
  const question = asked && questions.get(asked);
  return question ? { ...question, asked } : null;
};

/** Holds a call and calls somebody, to hand it on to them or to bring them in. */
export const ask = (model: PhoneModel, call: Call, { number }: Picked, purpose: Purpose): Promise<void> =>
  model.act(async () => {
    const stopWatching = model.client?.on('call', (asked) => {
      if (!asked.mine || asked.direction === 'inbound') return;
      questions.set(asked, { waiting: call, purpose });
      asked.on('ended', (end) => comeBack(model, call, asked, end));
    });
    try {
      await call.consult(number);
    } finally {
      stopWatching?.();
    }
  });

/** Who waited is not left waiting: when the question is over without an answer, the first call goes on. */
const comeBack = (model: PhoneModel, waiting: Call, asked: Call, end: Parameters<typeof endOf>[1]): void => {
  if (end.reason === 'transferred' || waiting.end) return;
  if (end.by !== 'local') model.toast(endOf(asked.peer, end).title);
  const others = model.others(null).filter((call) => call !== waiting && call !== asked && call.answeredAt !== null && !call.held);
  // A merge ends the question as well, and the first call's hold is then the switch's to lift.
  setTimeout(() => {
    if (!waiting.end && waiting.can.unhold && others.every((call) => call.end !== null)) void model.act(() => waiting.unhold());
  }, 0);
};

/** Has the room call somebody, who is in it on answering; of a call of two a room is made. */
export const invite = (model: PhoneModel, call: Call, { number }: Picked): Promise<void> =>
  model.act(async () => model.client?.request('room.invite', { call: call.id, to: number }));

/** Says that somebody who was invited does not come. */
export const tellNotComing = (model: PhoneModel, { party }: RoomInvitation, reason: EndReason): void => {
  // Who took it back knows.
  if (reason !== 'cancelled') model.toast(endOf(party, { reason, by: 'remote', code: 0, durationMs: 0 }).title);
};

/** Hands a call on without asking. */
export const transfer = (model: PhoneModel, call: Call, { number, name }: Picked): Promise<void> =>
  model.act(async () => {
    await call.transfer(number);
    model.toast(t('calls.handed-on', { name: nameOf(call.peer), other: name || number }));
  });

/** Joins the other sides of two calls; the user is out of both. */
export const connect = (model: PhoneModel, waiting: Call, asked: Call): Promise<void> => model.act(() => waiting.completeTransfer(asked));

/** Makes a conference of two calls; where one of them is a room, the other's side comes into it. */
export const merge = (model: PhoneModel, call: Call, other: Call): Promise<void> =>
  model.act(() => (roomOf(model, other) && !roomOf(model, call) ? other.merge(call) : call.merge(other)));

/** Parks the other side and says where. */
export const park = (model: PhoneModel, call: Call): Promise<void> =>
  model.act(async () => {
    // The word below says it all: no farewell on the whole screen.
    const quiet = call.on('ended', (end) => { if (end.reason === 'parked' && model.ended?.call === call) model.dismiss(); });
    const slot = await call.park().catch((error: unknown) => {
      quiet();
      throw error;
    });
    model.toast(t('calls.parked-at', { name: nameOf(call.peer), slot: String(slot) }));
  });

/** Fetches a call from another of the user's devices: it is parked there and taken from the slot here. */
export const moveHere = (model: PhoneModel, call: Call): Promise<void> =>
  model.act(async () => {
    const slot = await model.client?.request('call.park', { call: call.id });
    if (slot) await model.call(String(slot.slot));
  });

/** The room a call is in, as its members are told of it. */
export const roomOf = (model: PhoneModel, call: Call): NonNullable<PhoneModel['client']>['rooms']['all'][number] | null =>
  model.client?.rooms.all.find(({ members }) => members.some(({ id }) => id === call.id)) ?? null;

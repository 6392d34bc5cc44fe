import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { callInfo } from '../testing/fake-socket.js';
import { localEnd } from './call-end.js';
import { callTimeout, FOLLOWS, newCall, stepCall, type CallEffect, type CallEvent, type CallMachine } from './call-machine.js';

const run = (state: CallMachine, events: readonly (readonly [number, CallEvent])[]): { state: CallMachine; effects: CallEffect[]; phases: string[] } => {
  const effects: CallEffect[] = [];
  for (const [now, event] of events) {
    const step = stepCall(state, event, now);
    ({ state } = step);
    effects.push(...step.effects);
  }
  return { state, effects, phases: effects.flatMap((effect) => (effect.type === 'phase' ? [effect.to] : [])) };
};

const info = (change: Parameters<typeof callInfo>[0]): CallEvent => ({ type: 'info', info: callInfo(change) });
const out = (state: 'dialing' | 'ringing' | 'active', more: Parameters<typeof callInfo>[0] = {}): CallEvent =>
  info({ direction: 'outbound', state, answeredAt: state === 'active' ? 50 : null, ...more });
const active = run(newCall('outbound', true), [[0, out('dialing')], [1, { type: 'media', media: 'connected' }], [2, out('active')]]).state;

describe('call machine', () => {
  it('walks an outgoing call from dialing to active', () => {
    const { phases } = run(newCall('outbound', true), [
      [0, out('dialing')], [1, out('ringing')], [2, { type: 'media', media: 'connected' }], [3, out('active')],
    ]);
    expect(phases).toEqual(['dialing', 'ringing', 'active']);
  });

  it('is early while the network speaks and nobody rings', () => {
    expect(run(newCall('outbound', true), [[0, out('dialing')], [1, { type: 'media', media: 'connected' }]]).state.phase).toBe('early');
  });

  it('walks an incoming call through connecting, and back when the answer fails', () => {
    const ringing = run(newCall('inbound', true), [[0, info({})], [1, { type: 'answering', answering: true }]]);
    expect(ringing.phases).toEqual(['ringing', 'connecting']);
    expect(run(ringing.state, [[2, { type: 'answering', answering: false }]]).state.phase).toBe('ringing');
    expect(run(ringing.state, [[2, { type: 'media', media: 'connected' }], [3, info({ state: 'active', answeredAt: 3 })]]).phases).toEqual(['active']);
  });

  it('mends an interruption after two seconds, and again every five', () => {
    const cut = run(active, [[100, { type: 'media', media: 'interrupted' }]]);
    expect(cut.effects.map(({ type }) => type)).toEqual(['phase', 'reconnecting']);
    expect(callTimeout(cut.state)).toBe(2100);
    const mended = run(cut.state, [[2100, { type: 'timer' }], [7100, { type: 'timer' }], [7200, { type: 'media', media: 'connected' }]]);
    expect(mended.effects.map(({ type }) => type)).toEqual(['restartMedia', 'restartMedia', 'phase', 'reconnected']);
    expect(callTimeout(mended.state)).toBeNull();
  });

  it('mends a failure at once', () => {
    expect(run(active, [[100, { type: 'media', media: 'failed' }]]).effects).toContainEqual({ type: 'restartMedia' });
  });

  it('gives a call up that stays without audio', () => {
    const { state, effects } = run(active, [[100, { type: 'media', media: 'failed' }], [121_000, { type: 'timer' }]]);
    expect(effects).toContainEqual({ type: 'giveUp' });
    expect(state.end).toMatchObject({ reason: 'media-failed', by: 'local' });
  });

  it('tells hold from each side apart', () => {
    const { effects, state } = run(active, [[1, out('active', { held: true })], [2, out('active', { held: true, heldByPeer: true })]]);
    expect(effects.filter(({ type }) => type !== 'phase')).toEqual([{ type: 'held', on: true }, { type: 'heldByPeer', on: true }]);
    expect(state.phase).toBe('held');
  });

  it('does not let a late message take an answer back', () => {
    expect(run(active, [[10, out('ringing')]]).state.phase).toBe('active');
  });

  it('does not touch the audio of another device’s call', () => {
    const { state, effects } = run(newCall('inbound', false), [[0, info({ mine: false, state: 'active', answeredAt: 1 })], [1, { type: 'networkChanged' }]]);
    expect(state.phase).toBe('active');
    expect(effects.some(({ type }) => type === 'restartMedia')).toBe(false);
  });

  it('whatever happens: phases follow the diagram, ended is final and told once', () => {
    const flags = fc.record({ held: fc.boolean(), heldByPeer: fc.boolean(), muted: fc.boolean() });
    const event = fc.oneof(
      fc.tuple(fc.constantFrom('dialing' as const, 'ringing' as const, 'active' as const, 'ended' as const), flags)
        .map(([state, more]): CallEvent => info({ state, answeredAt: state === 'active' ? 1 : null, ...more })),
      fc.boolean().map((answering): CallEvent => ({ type: 'answering', answering })),
      fc.boolean().map((held): CallEvent => ({ type: 'hold', held })),
      fc.boolean().map((muted): CallEvent => ({ type: 'mute', muted })),
      fc.constantFrom('connecting' as const, 'connected' as const, 'interrupted' as const, 'failed' as const)
        .map((media): CallEvent => ({ type: 'media', media })),
      fc.constantFrom<CallEvent>({ type: 'timer' }, { type: 'networkChanged' }),
      fc.constant<CallEvent>({ type: 'ended', end: localEnd('hangup', 'remote', null, 0) }),
    );
    const story = fc.array(fc.tuple(fc.integer({ min: 0, max: 20_000 }), event), { maxLength: 40 });
    fc.assert(fc.property(fc.constantFrom('inbound' as const, 'outbound' as const), fc.boolean(), story, (direction, mine, events) => {
      let state = newCall(direction, mine);
      let now = 0;
      let ends = 0;
      for (const [wait, given] of events) {
        now += wait;
        const before = state;
        const step = stepCall(state, given, now);
        ({ state } = step);
        if (before.phase !== state.phase) expect(FOLLOWS[before.phase]).toContain(state.phase);
        ends += step.effects.filter(({ type }) => type === 'ended').length;
        if (before.end) expect(step).toEqual({ state: before, effects: [] });
        if (state.end) expect([state.phase, ends, callTimeout(state)]).toEqual(['ended', 1, null]);
      }
    }), { numRuns: 1000 });
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientError } from '../errors.js';
import { welcome } from '../testing/fake-socket.js';
import {
  connectionTimeout, newConnection, stepConnection, type ConnectionEffect, type ConnectionEvent, type ConnectionState,
} from './connection-machine.js';

const start = newConnection({ name: 'test', version: '1' });

/** Runs events at their times and collects the effects. */
const run = (state: ConnectionState, events: readonly (readonly [number, ConnectionEvent])[]): { state: ConnectionState; effects: ConnectionEffect[] } => {
  const effects: ConnectionEffect[] = [];
  for (const [now, event] of events) {
    const step = stepConnection(state, event, now, 0.5);
    ({ state } = step);
    effects.push(...step.effects);
  }
  return { state, effects };
};

const text = (frame: unknown): ConnectionEvent => ({ type: 'text', text: JSON.stringify(frame) });
const sentOf = (effects: readonly ConnectionEffect[]): { id: number; method: string; params: unknown }[] =>
  effects.flatMap((effect) => (effect.type === 'send' ? [JSON.parse(effect.text) as { id: number; method: string; params: unknown }] : []));

const ready = run(start, [
  [0, { type: 'connect' }],
  [0, { type: 'token', token: 't' }],
  [0, { type: 'opened' }],
  [0, text({ id: 1, result: welcome() })],
]).state;

describe('connection machine', () => {
  it('fetches a token, opens, says hello', () => {
    const { state, effects } = run(start, [
      [0, { type: 'connect' }], [0, { type: 'token', token: 't' }], [0, { type: 'opened' }],
    ]);
    expect(state.phase.name).toBe('greeting');
    expect(effects.map(({ type }) => type)).toEqual(['fetchToken', 'open', 'send']);
    expect(sentOf(effects)[0]).toMatchObject({ method: 'hello', params: { token: 't' } });
  });

  it('resumes with the number of the last push it saw', () => {
    const { effects } = run(ready, [
      [10, text({ seq: 1, event: 'switch', data: { up: false } })],
      [20, { type: 'closed' }],
      [500, { type: 'timer' }],
      [500, { type: 'opened' }],
    ]);
    expect(sentOf(effects)).toEqual([{ id: 2, method: 'resume', params: { session: 's1', secret: 'x1', lastSeq: 1 } }]);
  });

  it('greets anew when the session has expired', () => {
    const { state, effects } = run(ready, [
      [20, { type: 'closed' }], [500, { type: 'timer' }], [500, { type: 'opened' }],
      [510, text({ id: 2, error: { code: 4006, name: 'session-expired', message: '', causes: [], solutions: [], fatal: true } })],
    ]);
    expect(state.phase.name).toBe('authorizing');
    expect(state.session).toBeNull();
    expect(effects.at(-1)?.type).toBe('fetchToken');
  });

  it('fetches a refused token anew once, then gives up', () => {
    const refusal = (id: number): ConnectionEvent =>
      text({ id, error: { code: 4004, name: 'bad-credentials', message: '', causes: [], solutions: [], fatal: true } });
    const { state, effects } = run(start, [
      [0, { type: 'connect' }], [0, { type: 'token', token: 'old' }], [0, { type: 'opened' }], [0, refusal(1)],
      [0, { type: 'token', token: 'new' }], [0, { type: 'opened' }], [0, refusal(2)],
    ]);
    expect(effects.filter(({ type }) => type === 'fetchToken')).toHaveLength(2);
    expect(effects.at(-1)?.type).toBe('giveUp');
    expect(state.phase.name).toBe('offline');
  });

  it('drops a push it has seen, and resumes when one is missing', () => {
    const push = (seq: number): ConnectionEvent => text({ seq, event: 'switch', data: { up: true } });
    expect(run(ready, [[0, push(1)], [0, push(1)]]).effects.filter(({ type }) => type === 'push')).toHaveLength(1);
    expect(run(ready, [[0, push(1)], [0, push(3)]]).state.phase.name).toBe('waiting');
  });

  it('answers a ping of the server, and loses a server that does not answer its own', () => {
    expect(sentOf(run(ready, [[0, text({ seq: 0, event: 'ping', data: {} })]]).effects)[0]).toMatchObject({ method: 'ping' });
    const silent = run(ready, [[20_000, { type: 'timer' }], [30_000, { type: 'timer' }]]);
    expect(sentOf(silent.effects)[0]).toMatchObject({ method: 'ping' });
    expect(silent.state.phase.name).toBe('waiting');
  });

  it('keeps the connection when a throttled timer fires late and the pong was there in time', () => {
    const late = run(ready, [[60_000, { type: 'timer' }], [60_050, text({ id: 2, result: {} })], [120_000, { type: 'timer' }]]);
    expect(late.state.phase.name).toBe('ready');
  });

  it('repeats what may be repeated after a loss and refuses what may not', () => {
    const { effects } = run(ready, [
      [0, { type: 'request', key: 1, call: { method: 'call.hangup', params: { call: 'a' } } }],
      [0, { type: 'request', key: 2, call: { method: 'call.dtmf', params: { call: 'a', digits: '1' } } }],
      [1, { type: 'closed' }],
    ]);
    expect(effects).toContainEqual(expect.objectContaining({ type: 'refuse', key: 2 }));
    const again = run(run(ready, [
      [0, { type: 'request', key: 1, call: { method: 'call.hangup', params: { call: 'a' } } }],
      [1, { type: 'closed' }],
    ]).state, [[500, { type: 'timer' }], [500, { type: 'opened' }], [500, text({ id: 3, result: { seq: 0 } })]]);
    expect(sentOf(again.effects).map(({ method }) => method)).toEqual(['resume', 'call.hangup']);
  });

  it('times a request out', () => {
    const { effects, state } = run(ready, [
      [0, { type: 'request', key: 1, call: { method: 'call.hold', params: { call: 'a' } } }],
      [10_000, { type: 'timer' }],
    ]);
    expect(effects.at(-1)).toMatchObject({ type: 'refuse', key: 1, error: { name: 'timeout' } });
    expect(state.sent.size).toBe(0);
  });

  it('tries at once when the network is back, and probes what seems to live', () => {
    const waiting = run(ready, [[0, { type: 'closed' }]]).state;
    expect(run(waiting, [[1, { type: 'nudge' }]]).state.phase.name).toBe('opening');
    expect(run(ready, [[1, { type: 'nudge' }], [3_001, { type: 'timer' }]]).state.phase.name).toBe('waiting');
  });

  it('survives frames that are no frames', () => {
    for (const junk of ['', '{', 'null', '[]', '{"id":"x"}', '{"event":"ping"}', '{"seq":1}']) {
      expect(run(ready, [[0, { type: 'text', text: junk }]]).effects).toEqual([]);
    }
  });

  it('whatever happens: each request is settled once, timers are in reach, offline means nothing is kept', () => {
    const event = fc.oneof(
      fc.constantFrom<ConnectionEvent>(
        { type: 'connect' }, { type: 'disconnect' }, { type: 'opened' }, { type: 'closed' }, { type: 'timer' },
        { type: 'nudge' }, { type: 'token', token: 't' },
        { type: 'tokenFailed', error: clientError('server-unreachable', { message: '' }) },
      ),
      fc.integer({ min: 1, max: 12 }).map((id) => text({ id, result: welcome() })),
      fc.integer({ min: 1, max: 12 }).map((id) => text({
        id, error: { code: 4004, name: 'bad-credentials', message: '', causes: [], solutions: [], fatal: true },
      })),
      fc.integer({ min: 0, max: 5 }).map((seq) => text({ seq, event: 'switch', data: { up: true } })),
      fc.constant('request' as const),
    );
    fc.assert(fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 12_000 }), event), { maxLength: 60 }), (story) => {
      let now = 0;
      let key = 0;
      let state = start;
      const open = new Set<number>();
      for (const [wait, next] of story) {
        now += wait;
        if (next === 'request') open.add(++key);
        const given: ConnectionEvent = next === 'request'
          ? { type: 'request', key, call: { method: 'call.mute', params: { call: 'a', muted: true } } } : next;
        const step = stepConnection(state, given, now, 0.5);
        ({ state } = step);
        for (const effect of step.effects) {
          if (effect.type === 'settle' || effect.type === 'refuse') expect(open.delete(effect.key)).toBe(true);
        }
        expect(open.size).toBe(state.sent.size + state.queue.length);
        if (state.phase.name === 'offline') expect([open.size, connectionTimeout(state)]).toEqual([0, null]);
        else expect(connectionTimeout(state)).not.toBeNull();
        if (state.phase.name === 'ready') expect(state.session).not.toBeNull();
      }
    }), { numRuns: 500 });
  });
});

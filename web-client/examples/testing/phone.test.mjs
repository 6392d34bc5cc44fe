// How an application tests what it builds on the library: no browser, no server, no waiting.
// In your project the files come from your server, or from the package `ringdown-client`.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RingdownClient } from '../../dist/ringdown-client.js';
import { FakeClock, FakeDevice, FakeServer, scenario } from '../../dist/ringdown-testing.js';

const open = async () => {
  const clock = new FakeClock();
  const server = new FakeServer({ clock });
  const device = new FakeDevice(server, { clock });
  const client = new RingdownClient({ server: 'https://pbx.test', token: async () => 'alice', logLevel: 'silent' }, device);
  const connected = client.connect();
  await clock.advance(0);
  await connected;
  return { clock, server, device, client };
};

test('a customer calls, and is answered', async () => {
  const { clock, server, client } = await open();
  server.person('bob').call('101', { contact: '4711' });
  await clock.advance(0);
  const [call] = client.calls;
  assert.equal(call.variables.contact, '4711');
  await call.answer();
  await clock.advance(0);
  assert.equal(call.state, 'active');
});

test('a call outlives a change of the network', async () => {
  const { clock, server, device, client } = await open();
  server.person('bob').habit = 'answers';
  const call = await client.call('102');
  await clock.advance(0);
  const trouble = scenario('network-change', { server, device, user: 'alice' });
  await clock.advance(3_000);
  assert.equal(call.state, 'reconnecting');
  trouble.over();
  await clock.advance(3_000);
  assert.equal(call.state, 'active');
});

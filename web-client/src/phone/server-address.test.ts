import { expect, it } from 'vitest';
import { httpOrigin, socketUrl } from './server-address.js';

it('takes a server’s address in every form people write it', () => {
  for (const server of ['https://pbx.example', 'wss://pbx.example/ws', 'pbx.example', 'https://pbx.example/', ' wss://pbx.example/ws/ ']) {
    expect([socketUrl(server), httpOrigin(server)]).toEqual(['wss://pbx.example/ws', 'https://pbx.example']);
  }
  expect(socketUrl('http://localhost:8080')).toBe('ws://localhost:8080/ws');
});

// Development: the pages with hot reload, against the fake server (or, with RINGDOWN_SERVER, against a real one).
import { createServer } from 'vite';
import { startFakeServer } from '../e2e/fake-server.mjs';

const target = process.env.RINGDOWN_SERVER ?? (await startFakeServer()).address;
const server = await createServer({
  server: { proxy: { '/ws': { target: target.replace(/^http/, 'ws'), ws: true }, '/api': target } },
});
await server.listen();
server.printUrls();
console.log(`  calls go to ${target}`);

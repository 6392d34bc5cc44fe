// Development: the pages with hot reload, against the fake server (or, with RINGDOWN_SERVER, against a real one).
import { createServer } from 'vite';
import { startFakeServer } from '../e2e/fake-server.mjs';

/** The fake server of the sources, which need not be built. */
const fakeServer = async () => {
  const loader = await createServer({ server: { middlewareMode: true }, appType: 'custom', logLevel: 'warn' });
  const testing = await loader.ssrLoadModule('/src/modules/testing/index.ts');
  await loader.close();
  return (await startFakeServer({ testing })).address;
};

const target = process.env.RINGDOWN_SERVER ?? (await fakeServer());
const server = await createServer({
  server: { proxy: { '/ws': { target: target.replace(/^http/, 'ws'), ws: true }, '/api': target } },
});
await server.listen();
server.printUrls();
console.log(`  calls go to ${target}`);

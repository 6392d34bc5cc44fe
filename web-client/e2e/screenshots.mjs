// Photographs the widget in every state, for the eye.
// `node e2e/screenshots.mjs [folder] [scene,scene…] [light,dark] [320,480,1280] [en,de,ru,zh]`; fails when a state is not
// reached. Beside each scene's pictures stands a sheet of them all: `sheet-<scene>.png`.
import { mkdirSync, readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { startFakeServer } from './fake-server.mjs';
import { SCENES, signIn } from './support/scenes.mjs';

const [folder = 'screenshots', scenes = '', schemes = 'light,dark', widths = '320,480,1280', languages = 'en'] = process.argv.slice(2);
const HEIGHTS = { 320: 568, 480: 760, 1280: 800 };
mkdirSync(folder, { recursive: true });

const server = await startFakeServer({ root: 'dist' });
const browser = await chromium.launch({
  executablePath: process.env.RINGDOWN_CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream',
    '--autoplay-policy=no-user-gesture-required', '--disable-features=WebRtcHideLocalIpsWithMdns',
  ],
});
const switchPage = await browser.newPage();
await switchPage.goto(`${server.address}/switch.html`);

for (const scene of SCENES.filter(({ name }) => scenes === '' || scenes.split(',').includes(name))) {
  const taken = [];
  for (const language of languages.split(',')) for (const scheme of schemes.split(',')) for (const width of widths.split(',').map(Number)) {
    if (scene.narrow && width >= 720) continue;
    const context = await browser.newContext({
      viewport: { width, height: HEIGHTS[width] ?? 720 }, colorScheme: scheme, locale: language, permissions: ['microphone', 'camera'],
    });
    const page = await context.newPage();
    page.setDefaultTimeout(8000);
    page.on('pageerror', (error) => { console.error('PAGE ERROR', scene.name, error); process.exitCode = 1; });
    const file = `${folder}/${scene.name}-${language}-${scheme}-${width}.png`;
    try {
      await page.goto(`${server.address}/phone.html`);
      if (!scene.signedOut) {
        await signIn(page);
        await page.getByTestId('people').waitFor();
      }
      await scene.go(page, server);
      await page.mouse.move(0, 0);
      await page.waitForTimeout(350);
    } catch (error) {
      console.error(`${file}: ${error.message.split('\n')[0]}`);
      process.exitCode = 1;
    }
    await page.screenshot({ path: file });
    taken.push({ file, width });
    await context.close();
    server.reset();
  }
  const sheet = await browser.newPage({ viewport: { width: 1600, height: 600 } });
  const picture = ({ file, width }) => `<img src="data:image/png;base64,${readFileSync(file).toString('base64')}" style="width:${width > 700 ? 760 : width}px">`;
  await sheet.setContent(`<body style="margin:8px;display:flex;flex-wrap:wrap;align-items:flex-start;gap:8px;background:#888">${taken.map(picture).join('')}`);
  await sheet.screenshot({ path: `${folder}/sheet-${scene.name}.png`, fullPage: true });
  await sheet.close();
}
await browser.close();
await server.close();

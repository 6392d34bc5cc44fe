// Drives the built pages against the fake server in Chromium and photographs every state.
// `node e2e/screenshots.mjs [folder] [light|dark]`; fails when a state is not reached.
import { mkdirSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { startFakeServer } from './fake-server.mjs';

const folder = process.argv[2] ?? 'screenshots';
const schemes = process.argv[3] ? [process.argv[3]] : ['light', 'dark'];
mkdirSync(folder, { recursive: true });

const server = await startFakeServer({ root: 'dist' });
const launch = (...more) => chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox', '--disable-background-networking', '--use-fake-device-for-media-stream',
    '--disable-features=WebRtcHideLocalIpsWithMdns', ...more,
  ],
});
const browser = await launch('--use-fake-ui-for-media-stream', '--autoplay-policy=no-user-gesture-required');
const switchPage = await browser.newPage();
switchPage.on('console', (message) => console.log('switch:', message.text()));
await switchPage.goto(`${server.address}/switch.html`);

const widget = { width: 360, height: 640 };
const desktop = { width: 1440, height: 900 };
const byId = (page, id) => page.locator(`[data-testid="${id}"]`);

const openPage = async (path, viewport, colorScheme, options = {}) => {
  const context = await (options.browser ?? browser).newContext({ viewport, colorScheme, deviceScaleFactor: options.scale ?? 1, permissions: options.permissions ?? ['microphone'] });
  const page = await context.newPage();
  page.on('pageerror', (error) => { console.error('PAGE ERROR', error); process.exitCode = 1; });
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) console.log(`${message.type()}: ${message.text()}`); });
  await page.goto(server.address + path);
  return page;
};
const signIn = async (page, password = 'right') => {
  await byId(page, 'username').fill('alice');
  await byId(page, 'password').fill(password);
  await byId(page, 'sign-in-submit').click();
};
const signedIn = async (...where) => {
  const page = await openPage(...where);
  await signIn(page);
  await byId(page, 'people').waitFor();
  return page;
};
const reached = (page, state) => page.locator(`[data-testid="call"][data-state="${state}"]`).waitFor();

for (const scheme of schemes) {
  const shot = async (page, name, settle = 250) => {
    await page.waitForTimeout(settle);
    await page.screenshot({ path: `${folder}/${name}-${scheme}.png` });
  };
  const finished = async (page) => {
    await server.end('hangup');
    await byId(page, 'ended').waitFor();
  };

  const first = await openPage('/phone.html', widget, scheme);
  await shot(first, 'widget-sign-in');
  await signIn(first, 'wrong');
  await byId(first, 'sign-in-error').waitFor();
  await shot(first, 'widget-sign-in-wrong');
  await first.context().close();

  const page = await signedIn('/phone.html', widget, scheme);
  await page.mouse.move(0, 0);
  await shot(page, 'widget-directory');
  await byId(page, 'search').fill('an');
  await shot(page, 'widget-search');
  await byId(page, 'search').fill('');
  await byId(page, 'tab-keypad').click();
  await byId(page, 'number').pressSequentially('104');
  await shot(page, 'widget-dial-pad');
  await byId(page, 'tab-recents').click();
  await byId(page, 'recents').waitFor();
  await shot(page, 'widget-recents');
  await byId(page, 'settings').click();
  await byId(page, 'device-input').waitFor();
  await shot(page, 'widget-settings');
  await byId(page, 'settings-back').click();
  await byId(page, 'tab-people').click();

  server.ring('102', { ticket: '4711' });
  await byId(page, 'answer').waitFor();
  await shot(page, 'widget-incoming', 700);
  const clicked = Date.now();
  await byId(page, 'answer').click();
  await reached(page, 'active');
  console.log(`${scheme}: answered to active in ${Date.now() - clicked} ms`);
  await shot(page, 'widget-active', 2500);
  await byId(page, 'keypad').click();
  await page.keyboard.type('12#');
  await shot(page, 'widget-keypad');
  await byId(page, 'audio').click();
  await shot(page, 'widget-devices');
  await byId(page, 'audio').click();
  await byId(page, 'mute').click();
  await byId(page, 'hold').click();
  await reached(page, 'held');
  await shot(page, 'widget-held');
  await byId(page, 'hold').click();
  await reached(page, 'active');
  server.ring('107');
  await byId(page, 'answer').waitFor();
  await shot(page, 'widget-waiting');
  await byId(page, 'decline').click();
  await byId(page, 'minimise').click();
  await shot(page, 'widget-minimised');
  await byId(page, 'return-to-call').click();
  server.drop();
  await byId(page, 'notice-connection').waitFor();
  await page.screenshot({ path: `${folder}/widget-reconnecting-${scheme}.png` });
  await byId(page, 'notice-connection').waitFor({ state: 'detached' });
  await finished(page);
  await shot(page, 'widget-ended');
  await byId(page, 'dismiss').click();
  await byId(page, 'call-person').nth(2).click();
  await reached(page, 'ringing');
  await shot(page, 'widget-ringing');
  server.end('busy');
  await byId(page, 'ended').waitFor();
  await shot(page, 'widget-busy');
  await page.context().close();

  const narrow = await signedIn('/phone.html', { width: 320, height: 560 }, scheme);
  server.ring('105');
  await byId(narrow, 'answer').click();
  await reached(narrow, 'active');
  await shot(narrow, 'narrow-active', 800);
  await byId(narrow, 'keypad').click();
  await shot(narrow, 'narrow-keypad');
  await finished(narrow);
  await narrow.context().close();

  const wide = await signedIn('/phone.html', { width: 900, height: 640 }, scheme);
  server.ring('104');
  await byId(wide, 'answer').click();
  await reached(wide, 'active');
  await shot(wide, 'wide-active', 800);
  await finished(wide);
  await wide.context().close();

  const crm = await signedIn('/', desktop, scheme);
  await shot(crm, 'crm-directory');
  server.ring('102');
  await byId(crm, 'screen-pop').waitFor();
  await shot(crm, 'crm-incoming', 700);
  await byId(crm, 'answer').click();
  await reached(crm, 'active');
  await shot(crm, 'crm-active', 2500);
  await finished(crm);
  await crm.context().close();

  const phone = await openPage('/', { width: 390, height: 844 }, scheme);
  await shot(phone, 'crm-narrow');
  await phone.context().close();
}

// A browser that refuses the microphone.
const refusing = await launch('--deny-permission-prompts');
for (const scheme of schemes) {
  const page = await openPage('/phone.html', widget, scheme, { browser: refusing, permissions: [] });
  await signIn(page);
  await byId(page, 'people').waitFor();
  await page.waitForTimeout(300);
  await page.screenshot({ path: `${folder}/widget-mic-ask-${scheme}.png` });
  await byId(page, 'call-person').first().click();
  await byId(page, 'problem').waitFor();
  await page.waitForTimeout(300);
  await page.screenshot({ path: `${folder}/widget-mic-blocked-${scheme}.png` });
  await byId(page, 'dismiss').click();
  await page.waitForTimeout(300);
  await page.screenshot({ path: `${folder}/widget-mic-notice-${scheme}.png` });
  await page.context().close();
}
await refusing.close();
await browser.close();
await server.close();

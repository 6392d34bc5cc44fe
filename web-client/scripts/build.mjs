// Builds everything that is served or installed: pages, client library, widget, types.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { build } from 'vite';
import { plainWidget } from './widget-types.mjs';

/** A page, with a mark of its content, and all that it loads, now or later. */
const shellOf = (page) => {
  const assets = readdirSync('dist/assets');
  const found = new Set();
  const visit = (file) => {
    const text = readFileSync(`dist/${file}`, 'utf8');
    for (const name of assets.filter((asset) => text.includes(asset) && !found.has(asset))) {
      found.add(name);
      if (/\.(js|css)$/.test(name)) visit(`assets/${name}`);
    }
  };
  visit(page);
  const mark = createHash('sha256').update(readFileSync(`dist/${page}`)).digest('hex').slice(0, 16);
  return [`./${page}?${mark}`, ...[...found].sort().map((name) => `./assets/${name}`)];
};

await build({ logLevel: 'warn' });
await build({ mode: 'client', logLevel: 'warn' });
await build({ mode: 'widget', logLevel: 'warn' });
await build({ mode: 'worker', logLevel: 'warn' });
// The service worker keeps the files of the phone's page, all of this build.
writeFileSync('dist/sw.js', `self.RINGDOWN_SHELL=${JSON.stringify(shellOf('phone.html'))};\n${readFileSync('dist/sw.js', 'utf8')}`);
// What an application may add to the library: each folder is one file.
const modules = existsSync('src/modules') ? readdirSync('src/modules') : [];
for (const name of modules) await build({ mode: `module:${name}`, logLevel: 'warn' });
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.types.json'], { stdio: 'inherit' });
plainWidget('dist/types/ui');
// The documentation, with its examples: those with a framework are bundled, the others are served as they are.
for (const name of ['react', 'vue']) await build({ mode: `example:${name}`, logLevel: 'warn' });
for (const name of ['plain', 'widget', 'example.css']) cpSync(`examples/${name}`, `dist/docs/examples/${name}`, { recursive: true });
execFileSync(process.execPath, ['scripts/docs.mjs'], { stdio: 'inherit' });
// The app server sends these to browsers that take them.
for (const name of readdirSync('dist', { recursive: true })) {
  const file = `dist/${name}`;
  if (file.startsWith('dist/types/')) continue;
  if (!/\.(js|css|html|svg)$/.test(file)) continue;
  const content = readFileSync(file);
  writeFileSync(`${file}.br`, brotliCompressSync(content));
  writeFileSync(`${file}.gz`, gzipSync(content, { level: 9 }));
}
writeFileSync('dist/ringdown-client.d.ts', "export * from './types/index.js';\n");
writeFileSync('dist/ringdown-phone.d.ts', "export * from './types/ui/index.js';\n");
for (const name of modules) writeFileSync(`dist/ringdown-${name}.d.ts`, `export * from './types/modules/${name}/index.js';\n`);

// Fails when a bundle has outgrown its budget (gzip, in bytes).
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const BUDGETS = [
  ['dist/ringdown-client.js', 20_000],
  ['dist/ringdown-client.global.js', 20_000],
  ['dist/ringdown-phone.js', 110_000],
];

/** What a file needs before it runs: its static imports, which are in its folder and import nothing themselves. */
const importsOf = (file) => [...readFileSync(file, 'utf8').matchAll(/\b(?:from|import)\s*["']\.\/([\w.-]+)["']/g)].map(([, name]) => `dist/${name}`);

let failed = false;
for (const [file, budget] of BUDGETS) {
  const size = [file, ...importsOf(file)].reduce((sum, part) => sum + gzipSync(readFileSync(part), { level: 9 }).length, 0);
  const verdict = size <= budget ? 'ok' : 'TOO BIG';
  console.log(`${verdict.padEnd(8)} ${file.padEnd(34)} ${String(size).padStart(6)} of ${budget} bytes gzip`);
  failed ||= size > budget;
}
if (failed) process.exit(1);

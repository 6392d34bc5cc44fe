// Fails when a bundle has outgrown its budget (gzip, in bytes).
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const BUDGETS = [
  ['dist/ringdown-client.js', 20_000],
  ['dist/ringdown-client.global.js', 20_000],
  ['dist/ringdown-phone.js', 110_000],
];

let failed = false;
for (const [file, budget] of BUDGETS) {
  const size = gzipSync(readFileSync(file), { level: 9 }).length;
  const verdict = size <= budget ? 'ok' : 'TOO BIG';
  console.log(`${verdict.padEnd(8)} ${file.padEnd(34)} ${String(size).padStart(6)} of ${budget} bytes gzip`);
  failed ||= size > budget;
}
if (failed) process.exit(1);

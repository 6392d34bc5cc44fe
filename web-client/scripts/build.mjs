// Builds everything that is served or installed: pages, client library, widget, types.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { build } from 'vite';

await build({ logLevel: 'warn' });
await build({ mode: 'client', logLevel: 'warn' });
await build({ mode: 'widget', logLevel: 'warn' });
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.types.json'], { stdio: 'inherit' });
writeFileSync('dist/ringdown-client.d.ts', "export * from './types/index.js';\n");
writeFileSync('dist/ringdown-phone.d.ts', "export * from './types/ui/index.js';\n");

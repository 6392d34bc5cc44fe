// The widget's declarations as an application sees them: an element. What it is built with is bundled, and nobody has to install
// that for its types.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Makes a plain element of the widget in `folder`, and leaves only the declarations it names. */
export const plainWidget = (folder) => {
  const file = path.join(folder, 'shell/ringdown-phone.d.ts');
  const text = readFileSync(file, 'utf8');
  const plain = text.replace(/^import .* from 'lit';\n/gm, '').replace(/^import '.*';\n/gm, '').replace(/^ {4}private .*\n/gm, '').replace('extends LitElement', 'extends HTMLElement');
  if (plain === text) throw new Error(`${file} is not the element it was: look at scripts/widget-types.mjs`);
  writeFileSync(file, plain);
  const wanted = new Set();
  const want = (name) => {
    if (wanted.has(name)) return;
    wanted.add(name);
    for (const [, from] of readFileSync(name, 'utf8').matchAll(/(?:from|import\()\s*'(\.[^']+)\.js'/g)) want(path.join(path.dirname(name), `${from}.d.ts`));
  };
  want(path.join(folder, 'index.d.ts'));
  for (const name of readdirSync(folder, { recursive: true })) {
    const declarations = path.join(folder, name);
    if (name.endsWith('.d.ts') && !wanted.has(declarations)) rmSync(declarations);
  }
};

// Writes the documentation site into dist/docs: the Markdown of docs/, the reference from the declarations of dist/types, the
// examples, and an index for the search. Plain files: they are read from a disk as well as from the app server.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { openDeclarations, referenceOf, unsaidOf } from './docs/api.mjs';
import { coloured, escape, pageOf } from './docs/markdown.mjs';

const root = path.resolve(import.meta.dirname, '../..');
const docs = path.join(root, 'docs');
const out = path.resolve(import.meta.dirname, '../dist/docs');
const site = path.resolve(import.meta.dirname, '../docs-site');
const examplesFolder = path.resolve(import.meta.dirname, '../examples');
const { version } = JSON.parse(readFileSync(path.resolve(import.meta.dirname, '../package.json'), 'utf8'));

/** Which guides come first, and where those of the server go. What is not named follows in the order of its titles. */
const FIRST = ['quick-start', 'crm', 'widget', 'library', 'calls', 'sign-in', 'errors', 'resilience', 'pages'];
const SERVER = ['client-protocol', 'operations', 'security', 'dialplan'];

/** Every page before it is written: `file`, `group`, `source` (a path from docs/) or what makes it. */
const guides = readdirSync(path.join(docs, 'developer')).filter((name) => name.endsWith('.md')).map((name) => ({ file: name.replace('.md', '.html'), source: `developer/${name}` }));
const order = ({ file }) => { const place = FIRST.indexOf(file.replace('.html', '')); return place < 0 ? FIRST.length : place; };
guides.sort((one, other) => order(one) - order(other) || one.file.localeCompare(other.file));
const others = readdirSync(docs).filter((name) => name.endsWith('.md') && name !== 'embedding.md')
  .map((name) => ({ file: name.replace('.md', '.html'), source: name, group: SERVER.includes(name.replace('.md', '')) ? 'The server' : 'Inside' }));
const markdown = [...guides.map((page) => ({ ...page, group: 'Guides' })), ...others.filter(({ group }) => group === 'The server'), ...others.filter(({ group }) => group === 'Inside')];
markdown[0].file = 'index.html';
const hrefs = new Map(markdown.map(({ source, file }) => [source, file]));
hrefs.set('embedding.md', 'index.html');

const types = path.resolve(import.meta.dirname, '../dist/types');
const modules = readdirSync(path.join(types, 'modules')).sort();
const MODULES = [
  { file: 'api-client.html', title: 'ringdown-client', entry: 'index.d.ts', about: 'The library: `import { RingdownClient } from "…/ringdown-client.js"`, or `window.Ringdown` from `ringdown-client.global.js`.' },
  { file: 'api-phone.html', title: 'ringdown-phone', entry: 'ui/index.d.ts', about: 'The widget `<ringdown-phone>`: `ringdown-phone.js`.' },
  ...modules.map((name) => ({ file: `api-${name}.html`, title: `ringdown-${name}`, entry: `modules/${name}/index.d.ts`, about: `A module beside the library: \`ringdown-${name}.js\`.` })),
  { file: 'api-protocol.html', title: 'Protocol types', entry: 'protocol/generated.d.ts', about: 'What is said on the wire, written from the server’s Rust types. Methods and pushes are in [the client protocol](client-protocol.html).' },
];

const reference = () => {
  const files = MODULES.map(({ entry }) => path.join(types, entry));
  const declarations = openDeclarations(files);
  const pages = MODULES.map((module, index) => ({ ...module, entries: declarations.exportsOf(files[index]) }));
  const unsaid = pages.flatMap(({ title, entries }) => entries.flatMap((entry) => unsaidOf(entry, declarations)).map((name) => `${title}: ${name}`));
  if (unsaid.length > 0) throw new Error(`these exports have no comment that says what they are or do:\n${[...new Set(unsaid)].join('\n')}`);
  // A name is explained where it is first exported.
  const where = new Map();
  for (const { file, entries } of pages) for (const { name } of entries) if (!where.has(name)) where.set(name, `${file}#${name}`);
  const linkTo = (file) => (name) => { const href = where.get(name); return href?.startsWith(`${file}#`) ? href.slice(file.length) : href; };
  return pages.map(({ file, title, about, entries }) => {
    // Fewer pages say the same twice: what the library exports is not repeated among the protocol's types.
    const own = entries.filter(({ name }) => where.get(name)?.startsWith(`${file}#`));
    return { file, group: 'Reference', ...referenceOf({ title, about, entries: own, declarations, linkTo: linkTo(file) }) };
  });
};

/** A page of examples: each runs on this site, and is run by the tests. */
const examples = () => {
  const list = JSON.parse(readFileSync(path.join(examplesFolder, 'examples.json'), 'utf8'));
  const sections = [{ level: 1, anchor: '', title: 'Examples', text: '' }];
  const parts = ['<h1>Examples</h1>', '<p>Each is whole and is run by a test in a browser. “Run it” signs in at the server this page came from.</p>'];
  for (const { name, title, about, files, run } of list) {
    sections.push({ level: 2, anchor: name, title, text: about });
    parts.push(`<h2 id="${name}"><a class="anchor" href="#${name}">${escape(title)}</a></h2><p>${escape(about)}</p>`);
    if (run) parts.push(`<p><a class="run" href="${run}">Run it</a></p>`);
    for (const file of files) {
      const text = readFileSync(path.join(examplesFolder, name, file), 'utf8');
      const language = { html: 'xml', vue: 'xml', jsx: 'javascript', mjs: 'javascript', js: 'javascript', ts: 'typescript' }[file.split('.').at(-1)];
      parts.push(`<figure><figcaption>${escape(path.basename(file))}</figcaption>${coloured(text, language)}</figure>`);
    }
  }
  return { file: 'examples.html', group: 'Guides', title: 'Examples', html: parts.join('\n'), sections };
};

const written = markdown.map((page) => ({ ...page, ...pageOf(readFileSync(path.join(docs, page.source), 'utf8'), page.source, hrefs) }));
const guideCount = written.filter(({ group }) => group === 'Guides').length;
const pages = [...written.slice(0, guideCount), ...(existsSync(examplesFolder) ? [examples()] : []), ...reference(), ...written.slice(guideCount)];

const navigation = (current) => [...new Set(pages.map(({ group }) => group))].map((group) => {
  const links = pages.filter((page) => page.group === group)
    .map(({ file, title }) => `<li><a href="${file}"${file === current ? ' aria-current="page"' : ''}>${escape(title)}</a></li>`);
  return `<h2>${group}</h2><ul>${links.join('')}</ul>`;
}).join('\n');

const contents = (sections) => {
  const shown = sections.filter(({ level }) => level === 2 || level === 3);
  if (shown.length < 2) return '';
  return `<nav class="contents" aria-label="On this page"><h2>On this page</h2><ul>${shown.map(({ level, anchor, title }) => `<li class="level${level}"><a href="#${anchor}">${escape(title)}</a></li>`).join('')}</ul></nav>`;
};

const layout = ({ file, title, html, sections }, index) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escape(title)} · Ringdown</title>
<link rel="stylesheet" href="site.css">
<script src="site.js"></script>
<script src="search-index.js" defer></script>
</head>
<body>
<a class="skip" href="#content">Skip to the text</a>
<header>
<button class="menu" type="button" aria-expanded="false" aria-controls="pages">Pages</button>
<a class="home" href="index.html">Ringdown <span>for developers</span></a>
<div class="search" role="search"><input type="search" id="search" placeholder="Search" aria-label="Search the documentation" aria-controls="results" autocomplete="off"><kbd>/</kbd><ol id="results" hidden></ol></div>
<button class="scheme" type="button" aria-label="Light or dark">◐</button>
</header>
<div class="frame">
<nav id="pages" aria-label="Pages">${navigation(file)}<p class="version">Version ${version}</p></nav>
<main id="content" tabindex="-1"><article>${html}</article>
<footer>${[[index - 1, 'Before', 'before'], [index + 1, 'Next', 'next']].map(([at, word, side]) => (pages[at] ? `<a class="${side}" href="${pages[at].file}"><span>${word}</span>${escape(pages[at].title)}</a>` : '<span></span>')).join('')}</footer></main>
${contents(sections)}
</div>
</body>
</html>
`;

mkdirSync(out, { recursive: true });
pages.forEach((page, index) => writeFileSync(path.join(out, page.file), layout(page, index)));
const entries = pages.flatMap(({ file, title, sections }) => sections.map((section) =>
  ({ u: section.anchor ? `${file}#${section.anchor}` : file, p: title, t: section.title, x: section.text.slice(0, 1500) })));
writeFileSync(path.join(out, 'search-index.js'), `window.RINGDOWN_DOCS = ${JSON.stringify(entries).replace(/</g, '\\u003c')};\n`);
for (const name of ['site.css', 'site.js']) cpSync(path.join(site, name), path.join(out, name));

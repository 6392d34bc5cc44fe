// The reference: what a module exports, read from its declarations and their comments.
import ts from 'typescript';
import { commentOf, escape } from './markdown.mjs';

/** Opens the declarations of entry files (`*.d.ts`). */
export const openDeclarations = (files) => {
  const program = ts.createProgram(files, { target: ts.ScriptTarget.ES2022, moduleResolution: ts.ModuleResolutionKind.Bundler, module: ts.ModuleKind.ESNext, skipLibCheck: true, lib: ['lib.es2023.d.ts', 'lib.dom.d.ts'] });
  const checker = program.getTypeChecker();
  return {
    /** What a file exports: classes first, then functions and values, then types; each by name. */
    exportsOf: (file) => {
      const source = program.getSourceFile(file);
      const symbol = source && checker.getSymbolAtLocation(source);
      if (!symbol) return [];
      const found = checker.getExportsOfModule(symbol).map((exported) => {
        const target = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
        return { name: exported.name, symbol: target, declarations: target.declarations ?? [] };
      }).filter(({ declarations }) => declarations.length > 0).map((entry) => ({ ...entry, kind: kindOf(entry.declarations[0]) }));
      return found.sort((one, other) => KINDS.indexOf(one.kind) - KINDS.indexOf(other.kind) || one.name.localeCompare(other.name));
    },
    documentationOf: (symbol) => ts.displayPartsToString(symbol.getDocumentationComment(checker)),
    membersOf: ({ declarations: [declaration] }) => (declaration.members ?? declaration.type?.members ?? []).flatMap((member) => memberOf(member, checker)),
  };
};

const KINDS = ['class', 'function', 'const', 'interface', 'type'];

const kindOf = (node) => {
  if (ts.isClassDeclaration(node)) return 'class';
  if (ts.isFunctionDeclaration(node)) return 'function';
  if (ts.isVariableDeclaration(node)) return 'const';
  return ts.isInterfaceDeclaration(node) ? 'interface' : 'type';
};

const memberOf = (member, checker) => {
  if (ts.isIndexSignatureDeclaration(member)) return [];
  const flags = ts.getCombinedModifierFlags(member);
  const name = ts.isConstructorDeclaration(member) ? 'constructor' : member.name?.getText() ?? '';
  if (name.startsWith('#') || name === '' || flags & ts.ModifierFlags.Private || (ts.isConstructorDeclaration(member) && member.parameters.length === 0)) return [];
  const symbol = ts.isConstructorDeclaration(member) ? null : checker.getSymbolAtLocation(member.name);
  const own = ts.getJSDocCommentsAndTags(member).map((doc) => (typeof doc.comment === 'string' ? doc.comment : ts.getTextOfJSDocComment(doc.comment) ?? '')).join('\n\n');
  const text = own || (symbol ? ts.displayPartsToString(symbol.getDocumentationComment(checker)) : '');
  const isField = ts.isPropertyDeclaration(member) || ts.isPropertySignature(member);
  return [{ name, text, signature: signatureOf(member), isField }];
};

/** A declaration as text: on one line where it is short. */
const signatureOf = (node) => {
  const text = node.getText().replace(/^export |^declare |^export declare /, '').replace(/[;,]$/, '').replace(/\/\*\*[\s\S]*?\*\//g, '').replace(/\n\s*\n/g, '\n');
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= 100 ? line : text.split('\n').map((one) => one.replace(/^ {4}/, '')).join('\n').trim();
};

const WORDS = /(&quot;[^&]*&quot;|'[^']*')|\b(export|declare|class|interface|type|const|function|readonly|get|set|static|extends|implements|keyof|typeof|string|number|boolean|void|null|undefined|unknown|never|true|false)\b|\b([A-Z][A-Za-z0-9]+)\b/g;

/** A signature with its words in colour and its types linked. */
export const linked = (signature, linkTo) => escape(signature).replace(WORDS, (all, text, word, type) => {
  if (text) return `<span class="hljs-string">${all}</span>`;
  if (word) return `<span class="hljs-keyword">${all}</span>`;
  const href = linkTo(type);
  return href ? `<a href="${href}">${type}</a>` : type;
});

/** What an export does not say of itself: nothing at all, or what a command or a getter of a class does. A field's name may be
 * enough, and of a constructor the class speaks. */
export const unsaidOf = (entry, declarations) => [
  ...(declarations.documentationOf(entry.symbol) === '' ? [entry.name] : []),
  ...(entry.kind === 'class' ? declarations.membersOf(entry) : []).filter(({ name, isField, text }) => !isField && name !== 'constructor' && text === '').map(({ name }) => `${entry.name}.${name}`),
];

/** The page of a module. */
export const referenceOf = ({ title, about, entries, declarations, linkTo }) => {
  const sections = [{ level: 1, anchor: '', title, text: about }];
  const parts = [`<h1>${escape(title)}</h1>`, commentOf(about)];
  for (const entry of entries) {
    const { name, kind, symbol } = entry;
    const text = declarations.documentationOf(symbol);
    const members = kind === 'class' || kind === 'interface' || kind === 'type' ? declarations.membersOf(entry) : [];
    sections.push({ level: 2, anchor: name, title: name, text });
    for (const member of members) sections.push({ level: 4, anchor: `${name}.${member.name}`, title: `${name}.${member.name}`, text: member.text.replace(/`/g, '') });
    parts.push(`<section class="symbol" id="${name}"><h2><a class="anchor" href="#${name}">${name}</a> <span class="kind">${kind}</span></h2>`, commentOf(text));
    if (members.length === 0) parts.push(`<pre class="code" tabindex="0"><code>${linked(wholeOf(entry), linkTo)}</code></pre>`);
    else parts.push('<dl>', ...members.map((member) => `<div class="member" id="${name}.${escape(member.name)}"><dt><code>${linked(member.signature, linkTo)}</code></dt><dd>${commentOf(member.text)}</dd></div>`), '</dl>');
    parts.push('</section>');
  }
  return { title, html: parts.join('\n'), sections };
};

const wholeOf = ({ kind, declarations: [declaration] }) => (kind === 'const' ? `const ${signatureOf(declaration)}` : signatureOf(declaration));

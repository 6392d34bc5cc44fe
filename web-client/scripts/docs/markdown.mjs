// Markdown to HTML: headings with anchors, links between pages, code in colours.
import hljs from 'highlight.js/lib/common';
import { Marked } from 'marked';

export const escape = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');

/** An anchor of a heading, as GitHub makes it. */
export const anchorOf = (text) => text.toLowerCase().replace(/<[^>]*>|&#?\w+;/g, '').replace(/[^\p{L}\p{N}\s_-]/gu, '').trim().replace(/\s/g, '-');

/** Code in colours. */
export const coloured = (code, language) => {
  const known = hljs.getLanguage(language ?? '') ? language : null;
  const html = known ? hljs.highlight(code, { language: known }).value : escape(code);
  return `<pre class="code" tabindex="0"><code>${html.trimEnd()}</code></pre>`;
};

/** A link in a page as the site has it: `hrefs` knows each Markdown file's page, by its path from docs/. */
const linkOf = (href, from, hrefs) => {
  if (/^[a-z]+:|^#/i.test(href)) return href;
  const [path, anchor] = href.split('#');
  const parts = from.split('/').slice(0, -1);
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  const example = /^web-client\/examples\/(\w+)/.exec(parts.join('/'));
  if (example) return `examples.html#${example[1]}`;
  const page = hrefs.get(parts.join('/'));
  return page ? page + (anchor ? `#${anchor}` : '') : null;
};

/** Turns a file into a page: its title, its HTML and its sections (for the table of contents and the search). */
export const pageOf = (text, from, hrefs) => {
  const sections = [{ level: 1, anchor: '', title: '', text: '' }];
  const anchors = new Map();
  const marked = new Marked();
  let title = '';
  const plain = (html) => html.replace(/<[^>]*>/g, ' ').replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&quot;/g, '"').replace(/&#39;/g, "'").replace(/&amp;/g, '&').replace(/\s+/g, ' ').trim();
  marked.use({
    renderer: {
      heading({ tokens, depth }) {
        const html = this.parser.parseInline(tokens);
        const base = anchorOf(html);
        const count = anchors.get(base) ?? 0;
        anchors.set(base, count + 1);
        const anchor = count === 0 ? base : `${base}-${count}`;
        if (depth === 1) {
          title = plain(html);
          sections[0].title = title;
          return `<h1>${html}</h1>\n`;
        }
        sections.push({ level: depth, anchor, title: plain(html), text: '' });
        return `<h${depth} id="${anchor}"><a class="anchor" href="#${anchor}">${html}</a></h${depth}>\n`;
      },
      code({ text: code, lang }) {
        const html = coloured(code, lang);
        sections.at(-1).text += ` ${code}`;
        return html;
      },
      link({ href, tokens }) {
        const inner = this.parser.parseInline(tokens);
        const target = linkOf(href, from, hrefs);
        return target === null ? inner : `<a href="${escape(target)}">${inner}</a>`;
      },
      image({ href, text: alt }) { return /^[a-z]+:/i.test(href) ? `<img src="${escape(href)}" alt="${escape(alt)}">` : escape(alt); },
      table(token) {
        const cell = (tag) => ({ tokens }) => `<${tag}>${this.parser.parseInline(tokens)}</${tag}>`;
        const rows = token.rows.map((row) => `<tr>${row.map(cell('td')).join('')}</tr>`).join('\n');
        sections.at(-1).text += ` ${plain(rows)}`;
        const head = token.header.some(({ text: word }) => word.trim() !== '') ? `<thead><tr>${token.header.map(cell('th')).join('')}</tr></thead>` : '';
        return `<div class="table"><table>${head}<tbody>${rows}</tbody></table></div>\n`;
      },
      paragraph({ tokens }) {
        const html = this.parser.parseInline(tokens);
        sections.at(-1).text += ` ${plain(html)}`;
        return `<p>${html}</p>\n`;
      },
      listitem(item) {
        const html = this.parser.parse(item.tokens);
        sections.at(-1).text += ` ${plain(html)}`;
        return `<li>${html}</li>\n`;
      },
    },
  });
  const html = marked.parse(text);
  return { title: title || from, html, sections: sections.map((section) => ({ ...section, text: section.text.trim() })) };
};

/** A comment's text: short Markdown within a line or a few paragraphs. */
export const commentOf = (text) => new Marked({ renderer: { code: ({ text: code, lang }) => coloured(code, lang) } }).parse(text);

// The documentation site: light or dark, the list of pages on a narrow screen, the search.
(() => {
  const kept = (() => { try { return localStorage.getItem('ringdown.docs.scheme'); } catch { return null; } })();
  if (kept) document.documentElement.dataset.scheme = kept;

  const start = () => {
    const root = document.documentElement;
    document.querySelector('.scheme').addEventListener('click', () => {
      const dark = root.dataset.scheme ? root.dataset.scheme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
      root.dataset.scheme = dark ? 'light' : 'dark';
      try { localStorage.setItem('ringdown.docs.scheme', root.dataset.scheme); } catch { /* kept for this page only */ }
    });
    const menu = document.querySelector('.menu');
    menu.addEventListener('click', () => menu.setAttribute('aria-expanded', String(document.body.classList.toggle('pages-open'))));
    document.querySelector('[aria-current=page]')?.scrollIntoView({ block: 'center' });
    scrollTo(0, 0);
    if (location.hash) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
    startSearch();
    for (const block of document.querySelectorAll('pre.code')) addCopy(block);
  };

  const addCopy = (block) => {
    if (!navigator.clipboard) return;
    const button = Object.assign(document.createElement('button'), { type: 'button', className: 'copy', textContent: 'Copy' });
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(block.querySelector('code').textContent);
      button.textContent = 'Copied';
      setTimeout(() => { button.textContent = 'Copy'; }, 1500);
    });
    block.append(button);
  };

  const startSearch = () => {
    const input = document.getElementById('search');
    const list = document.getElementById('results');
    let chosen = -1;
    const show = () => {
      const found = find(input.value);
      list.replaceChildren(...found.map(resultOf));
      list.hidden = input.value.trim() === '';
      if (!list.hidden && found.length === 0) list.append(Object.assign(document.createElement('li'), { textContent: 'Nothing found.', className: 'nothing' }));
      choose(found.length > 0 ? 0 : -1);
    };
    const choose = (place) => {
      chosen = place;
      [...list.children].forEach((item, index) => item.classList.toggle('chosen', index === place));
      list.children[place]?.scrollIntoView({ block: 'nearest' });
    };
    input.addEventListener('input', show);
    input.addEventListener('focus', () => { if (input.value) show(); });
    input.addEventListener('keydown', (event) => {
      const last = list.children.length - 1;
      if (event.key === 'ArrowDown') choose(Math.min(last, chosen + 1));
      else if (event.key === 'ArrowUp') choose(Math.max(0, chosen - 1));
      else if (event.key === 'Enter') list.children[chosen]?.querySelector('a')?.click();
      else if (event.key === 'Escape') { list.hidden = true; input.blur(); }
      else return;
      event.preventDefault();
    });
    document.addEventListener('keydown', (event) => {
      if (event.key !== '/' || event.ctrlKey || event.metaKey || /^(input|textarea|select)$/i.test(document.activeElement?.tagName ?? '')) return;
      event.preventDefault();
      input.focus();
      input.select();
    });
    document.addEventListener('click', (event) => {
      if (!event.target.closest('.search')) list.hidden = true;
      else if (event.target.closest('a')) list.hidden = true;
    });
  };

  /** Every word must be there; the start of a title counts most. */
  const find = (text) => {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    if (words.length === 0) return [];
    const scored = [];
    for (const entry of window.RINGDOWN_DOCS ?? []) {
      const title = entry.t.toLowerCase();
      const body = entry.x.toLowerCase();
      let score = 0;
      for (const word of words) {
        const points = title === word || title.endsWith(`.${word}`) ? 40 : title.startsWith(word) ? 20 : title.includes(word) ? 10 : body.includes(word) ? 2 : entry.p.toLowerCase().includes(word) ? 1 : 0;
        if (points === 0) { score = 0; break; }
        score += points;
      }
      if (score > 0) scored.push({ entry, score, words });
    }
    return scored.sort((one, other) => other.score - one.score).slice(0, 12);
  };

  const resultOf = ({ entry, words }) => {
    const item = document.createElement('li');
    const link = Object.assign(document.createElement('a'), { href: entry.u });
    const title = Object.assign(document.createElement('b'), { textContent: entry.t });
    const page = Object.assign(document.createElement('span'), { textContent: entry.p === entry.t ? '' : entry.p });
    const at = Math.max(0, ...words.map((word) => entry.x.toLowerCase().indexOf(word)));
    const from = Math.max(0, at - 40);
    const text = Object.assign(document.createElement('small'), { textContent: (from > 0 ? '…' : '') + entry.x.slice(from, from + 120) });
    link.append(title, page, text);
    item.append(link);
    return item;
  };

  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start);
  else start();
})();

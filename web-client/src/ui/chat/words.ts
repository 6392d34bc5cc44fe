// What messages say, as it is shown: addresses of the web are links, and nothing else is markup.
import { html, type TemplateResult } from 'lit';

/** Addresses, up to white space, quotes and angle brackets. */
const ADDRESS = /\b(?:https?:\/\/|www\.)[^\s<>"'`]+/giu;
/** Signs that turn the direction of writing could show another address than the one that opens. */
const TURNING = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

/** A text with its addresses as links. */
export const linked = (text: string): readonly (string | TemplateResult)[] => {
  const parts: (string | TemplateResult)[] = [];
  let at = 0;
  for (const { 0: match, index } of text.matchAll(ADDRESS)) {
    const shown = trimmed(match);
    const url = addressOf(shown);
    if (url === null) continue;
    parts.push(text.slice(at, index), html`<a href=${url} target="_blank" rel="noopener noreferrer nofollow">${shown}</a>`);
    at = index + shown.length;
  }
  parts.push(text.slice(at));
  return parts;
};

/** Without what belongs to the sentence: a full stop, a closing bracket that was opened before. */
const trimmed = (match: string): string => {
  let shown = match;
  for (;;) {
    const last = shown.at(-1) ?? '';
    const isOpen = last === ')' && shown.split('(').length === shown.split(')').length;
    if (isOpen || !/[.,;:!?)\]}*_~…。，；：！？）】»”’]/u.test(last)) return shown;
    shown = shown.slice(0, -1);
  }
};

const addressOf = (shown: string): string | null => {
  if (TURNING.test(shown)) return null;
  try {
    const url = new URL(/^www\./iu.test(shown) ? `https://${shown}` : shown);
    // A name before the host only pretends to be one.
    return url.username === '' ? url.href : null;
  } catch {
    return null;
  }
};

/** Signs that are offered under a message. */
export const SIGNS = ['👍', '❤️', '😂', '🎉', '😮', '🙏'] as const;

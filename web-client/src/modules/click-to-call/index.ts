// Numbers of a page become calls: `tel:` links and elements with `data-ringdown-call`.

/** Places a call. */
export type Dial = (number: string, variables: Readonly<Record<string, string>>) => unknown;

/**
 * Has clicks on numbers place calls, within `root`; returns a function that ends it.
 *
 * A number is what `data-ringdown-call` holds, or a `tel:` link leads to. `data-ringdown-variables` may hold a JSON object
 * of texts that travel with the call. Clicks with a modifier key and clicks that the page took itself are left alone.
 */
export const bindClickToCall = (dial: Dial, root: Document | HTMLElement = document): (() => void) => {
  const onClick = (event: Event): void => {
    if (event.defaultPrevented || !(event instanceof MouseEvent)) return;
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const from = event.composedPath().find((target): target is HTMLElement =>
      target instanceof HTMLElement && target.matches('[data-ringdown-call], a[href^="tel:" i]'));
    const number = from && numberOf(from);
    if (!from || !number) return;
    event.preventDefault();
    dial(number, variablesOf(from));
  };
  root.addEventListener('click', onClick);
  return () => root.removeEventListener('click', onClick);
};

/** The number of a `tel:` address (RFC 3966): without its separators and parameters; empty where there is none. */
export const telephoneNumber = (address: string): string => {
  const [number = ''] = address.replace(/^tel:/i, '').split(';');
  return decoded(number).replace(/[\s().-]/g, '');
};

const numberOf = (element: HTMLElement): string => {
  const named = element.dataset.ringdownCall;
  if (named) return named.trim();
  return element instanceof HTMLAnchorElement ? telephoneNumber(element.getAttribute('href') ?? '') : '';
};

const variablesOf = (element: HTMLElement): Readonly<Record<string, string>> => {
  try {
    const given: unknown = JSON.parse(element.dataset.ringdownVariables ?? '{}');
    if (typeof given !== 'object' || given === null) return {};
    return Object.fromEntries(Object.entries(given).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  } catch {
    return {};
  }
};

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

// Where the keyboard is, and where it goes.

/** The element that has the keyboard, through shadow roots. */
export const focused = (): HTMLElement | null => {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  return at instanceof HTMLElement && at !== document.body ? at : null;
};

/** Everything within `root` that the Tab key reaches, in order, through shadow roots and slots. */
export const tabbable = (root: Element | ShadowRoot): HTMLElement[] => {
  const found: HTMLElement[] = [];
  const visit = (node: Element): void => {
    if (!(node instanceof HTMLElement) || node.hidden || node.inert) return;
    if (node.matches('a[href], button:not(:disabled), input:not(:disabled), select:not(:disabled), textarea:not(:disabled), [tabindex="0"]')
      && node.tabIndex >= 0 && node.checkVisibility({ visibilityProperty: true })) found.push(node);
    const within = node instanceof HTMLSlotElement ? node.assignedElements() : node.shadowRoot?.children ?? node.children;
    for (const child of within) visit(child);
  };
  for (const child of root.children) visit(child);
  return found;
};

/** The first element marked `data-main` within `root`, through shadow roots. */
export const mainOf = (root: Element | ShadowRoot): HTMLElement | null => {
  for (const element of root.querySelectorAll<HTMLElement>('*')) {
    if (element.hidden) continue;
    if (element.hasAttribute('data-main')) return element;
    const inner = element.shadowRoot ? mainOf(element.shadowRoot) : null;
    if (inner) return inner;
  }
  return null;
};

/**
 * Moves the keyboard among `items` with the arrow keys, Home and End; returns whether the key was one of them.
 * For lists and toolbars that are one stop of the Tab key.
 */
export const rove = (event: KeyboardEvent, items: readonly HTMLElement[], axis: 'vertical' | 'horizontal' = 'vertical'): boolean => {
  const [back, on] = axis === 'vertical' ? ['ArrowUp', 'ArrowDown'] : ['ArrowLeft', 'ArrowRight'];
  const here = focused();
  const at = items.findIndex((item) => item === here);
  const to = event.key === back ? at - 1 : event.key === on ? at + 1 : event.key === 'Home' ? 0 : event.key === 'End' ? items.length - 1 : null;
  if (to === null || items.length === 0) return false;
  event.preventDefault();
  items[(to + items.length) % items.length]?.focus();
  return true;
};

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { settle } from '../../testing/fake-clock.js';
import { FakeBrowser, Tab } from './fake-browser.js';

type Action = { readonly type: 'open' } | { readonly type: 'close' | 'look'; readonly at: number };

const action = fc.oneof(
  fc.constant<Action>({ type: 'open' }),
  fc.record({ type: fc.constantFrom('close', 'look'), at: fc.nat(5) }) as fc.Arbitrary<Action>,
);

it('whatever becomes of the tabs: while one is open, exactly one leads', async () => {
  await fc.assert(fc.asyncProperty(fc.array(action, { maxLength: 14 }), async (actions) => {
    const browser = new FakeBrowser();
    const tabs: Tab[] = [];
    for (const step of actions) {
      if (step.type === 'open') tabs.push(new Tab(browser));
      else if (tabs.length > 0) {
        const [tab] = step.type === 'look' ? [tabs[step.at % tabs.length]] : tabs.splice(step.at % tabs.length, 1);
        if (step.type === 'close') tab?.client.destroy();
        else {
          for (const other of tabs) other.isShown = other === tab;
          tab?.show();
        }
      }
      await settle();
      await settle();
      const leading = tabs.filter((tab) => tab.tabs.leads);
      expect(leading).toHaveLength(Math.min(1, tabs.length));
    }
    for (const tab of tabs) tab.client.destroy();
  }), { numRuns: 150 });
});

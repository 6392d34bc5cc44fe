// Accessibility by axe-core: `await accessible(page, "the directory")` fails with what is wrong, where and how to mend it.

import assert from "node:assert/strict";
import { createRequire } from "node:module";

const { source } = createRequire(import.meta.url)("axe-core");

/**
 * Looks at what the page shows (shadow roots too) by the rules of WCAG 2.2 AA. `within` is a selector of what to look at:
 * the widget unless given. Wait until what is looked at stands still: what fades in has too little contrast half-way.
 */
export async function accessible(page, what, within = "ringdown-phone") {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(source);
  // Nothing may be half-way through its animation.
  await page.evaluate(async () => {
    const all = (root) => [...root.querySelectorAll("*")].flatMap((node) => [node, ...(node.shadowRoot ? all(node.shadowRoot) : [])]);
    const running = all(document).flatMap((node) => node.getAnimations?.() ?? []);
    const ending = running.filter((animation) => animation.effect?.getComputedTiming().iterations !== Infinity);
    await Promise.race([Promise.allSettled(ending.map(({ finished }) => finished)), new Promise((resolve) => setTimeout(resolve, 2000))]);
  });
  const violations = await page.evaluate(async (selector) => {
    const { violations: found } = await globalThis.axe.run(selector, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
      // A widget is a part of somebody's page: the page's own landmarks and headings are not its business.
      rules: { region: { enabled: false }, "page-has-heading-one": { enabled: false }, "heading-order": { enabled: false }, "target-size": { enabled: true } },
    });
    return found.map(({ id, help, nodes }) => `${id}: ${help}\n${nodes.map(({ target, failureSummary }) => `    ${target.flat().join(" > ")}\n      ${failureSummary.split("\n").slice(1).join("; ").trim()}`).join("\n")}`);
  }, within);
  assert.deepEqual(violations, [], `axe complains of ${what}:\n${violations.join("\n")}`);
}

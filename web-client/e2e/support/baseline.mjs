// Pictures of how parts of the widget looked when somebody last looked at them, in e2e/baseline.
// `RINGDOWN_UPDATE=1` takes them anew: look at them before they are committed.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import pixelmatch from "pixelmatch";
import { PNG } from "pngjs";

const folder = path.resolve(import.meta.dirname, "../baseline");
const update = process.env.RINGDOWN_UPDATE === "1";

/** A hundredth may differ: a hair's breadth at edges, not a button. */
const MAY_DIFFER = 0.01;

/**
 * What this machine makes of letters. Pictures are held only against pictures of the same fonts and the same browser's
 * way with them: elsewhere every letter differs and nothing is learned.
 */
export async function fontsOf(page) {
  return page.evaluate(() => {
    const context = document.createElement("canvas").getContext("2d");
    return [400, 550, 650].map((weight) => {
      context.font = `${weight} 40px ui-sans-serif, system-ui, 'Segoe UI', Roboto, 'Noto Sans', sans-serif`;
      return context.measureText("Ringdown 0123456789 Wj").width.toFixed(1);
    }).join(" ");
  });
}

/** Whether the pictures were taken with these fonts; remembers them where pictures are taken anew. */
export function isComparable(fonts) {
  const file = path.join(folder, "fonts.txt");
  if (update) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, `${fonts}\n`);
  }
  return existsSync(file) && readFileSync(file, "utf8").trim() === fonts;
}

/** Holds an element of the page, in a box of its own, against its picture. */
export async function looksAsBefore(page, selector, name) {
  const element = page.locator(selector).first();
  // The rest of the page (a header that grew) must not move it.
  await element.evaluate((node) => Object.assign(node.style, { position: "fixed", inset: "0 auto auto 0", width: "320px", height: "560px", zIndex: "50", background: "var(--bg)" }));
  // Nothing is under the pointer.
  await page.mouse.move(5, 620);
  const taken = await page.screenshot({
    clip: { x: 0, y: 0, width: 320, height: 560 }, animations: "disabled",
    // What runs, and what is heard.
    mask: [page.locator("[role=timer]"), page.locator(".levels"), page.locator(".other .digits")], maskColor: "#808080",
  });
  const file = path.join(folder, `${name}.png`);
  if (update) {
    writeFileSync(file, taken);
    return;
  }
  assert.ok(existsSync(file), `${file}: take it with RINGDOWN_UPDATE=1 and look at it`);
  const [before, after] = [readFileSync(file), taken].map((png) => PNG.sync.read(png));
  const difference = new PNG({ width: before.width, height: before.height });
  const differing = pixelmatch(before.data, after.data, difference.data, before.width, before.height, { threshold: 0.2 });
  const share = differing / (before.width * before.height);
  if (share <= MAY_DIFFER) return;
  const kept = process.env.RINGDOWN_E2E_KEEP;
  if (kept) {
    mkdirSync(kept, { recursive: true });
    writeFileSync(path.join(kept, `${name}-taken.png`), taken);
    writeFileSync(path.join(kept, `${name}-difference.png`), PNG.sync.write(difference));
  }
  assert.fail(`${name} looks different: ${(100 * share).toFixed(1)} % of it. If that is meant, RINGDOWN_UPDATE=1 takes it anew; RINGDOWN_E2E_KEEP names a folder for both pictures`);
}

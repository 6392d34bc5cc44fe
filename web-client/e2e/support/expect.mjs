// Waiting for what must become true, without guessing how long it takes.

/** Polls until it holds. */
export async function expectWithin(holds, what, seen = async () => "", milliseconds = 8000) {
  const end = Date.now() + milliseconds;
  for (;;) {
    if (await holds()) return;
    if (Date.now() > end) throw new Error(`${what}: not within ${milliseconds} ms; ${await seen()}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Lets the call go on. */
export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

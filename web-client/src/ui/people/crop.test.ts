import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_ZOOM, WHOLE, moved, sideOf, within } from './crop.js';

describe('the square cut out of a picture', () => {
  it('is in the middle of a wide one, and moves along it alone', () => {
    const wide = { width: 400, height: 200 };
    expect(within(wide, WHOLE)).toEqual(WHOLE);
    expect(moved(wide, WHOLE, 10, 10)).toEqual({ x: 0.75, y: 0.5, zoom: 1 });
  });

  it('never leaves the picture', () => {
    const size = fc.record({ width: fc.integer({ min: 1, max: 9000 }), height: fc.integer({ min: 1, max: 9000 }) });
    const crop = fc.record({ x: fc.double({ noNaN: true }), y: fc.double({ noNaN: true }), zoom: fc.double({ noNaN: true }) });
    fc.assert(fc.property(size, crop, (of, wanted) => {
      const { x, y, zoom } = within(of, wanted);
      const half = sideOf(of, zoom) / 2;
      expect(zoom).toBeGreaterThanOrEqual(1);
      expect(zoom).toBeLessThanOrEqual(MAX_ZOOM);
      for (const [at, length] of [[x, of.width], [y, of.height]] as const) {
        expect(at * length - half).toBeGreaterThan(-0.001);
        expect(at * length + half).toBeLessThan(length + 0.001);
      }
    }));
  });
});

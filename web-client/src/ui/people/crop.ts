// Which square of a picture becomes the photo.

/** What is cut out: `x` and `y` are the middle, as parts of the picture; at zoom 1 the square is as large as fits. */
export interface Crop {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

/** A picture's size in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The middle of the picture, as much of it as fits. */
export const WHOLE: Crop = { x: 0.5, y: 0.5, zoom: 1 };

/** Four times: a face in a group is still more than a handful of pixels. */
export const MAX_ZOOM = 4;

/** The square's side in pixels of the picture. */
export const sideOf = ({ width, height }: Size, zoom: number): number => Math.min(width, height) / zoom;

/** The crop nearest to what is wanted that does not leave the picture. */
export const within = (size: Size, { x, y, zoom }: Crop): Crop => {
  const fits = Math.min(MAX_ZOOM, Math.max(1, zoom));
  const half = sideOf(size, fits) / 2;
  const between = (at: number, length: number): number => Math.min(1 - half / length, Math.max(half / length, at));
  return { x: between(x, size.width), y: between(y, size.height), zoom: fits };
};

/** The crop moved by so many parts of its own side. */
export const moved = (size: Size, crop: Crop, right: number, down: number): Crop => {
  const side = sideOf(size, crop.zoom);
  return within(size, { ...crop, x: crop.x + right * side / size.width, y: crop.y + down * side / size.height });
};

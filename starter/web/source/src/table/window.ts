/**
 * Which rows a scroll position shows.
 *
 * Browsers cap the height of an element (Firefox at about 17.8 million pixels, Chrome at 33), which a million rows
 * exceed. So the scrolled element has a *track* of limited height beside the *content* that it stands for: near both
 * ends a pixel of track is a pixel of content, between them the track is compressed. A wheel or a finger still moves
 * the content pixel by pixel, see `scrolled`.
 */

/** Every row is equally high; `viewport` is the height in which rows are seen, all in pixels. */
export interface Geometry {
  readonly rows: number;
  readonly rowHeight: number;
  readonly viewport: number;
}

/** Where the element is scrolled to, and the pixel of content at the upper edge of the viewport. */
export interface Position {
  readonly top: number;
  readonly offset: number;
}

/** The rows `first` up to and without `end`; the first begins `shift` pixels below the viewport's upper edge. */
export interface Rows {
  readonly first: number;
  readonly end: number;
  readonly shift: number;
}

// Half of what Firefox allows, since zooming multiplies it.
export const TRACK_LIMIT = 8_000_000;
// As long as this, no gesture of a finger or a wheel reaches from the compressed part to an end.
const EXACT = 400_000;

export const START: Position = { top: 0, offset: 0 };

export function trackHeight(geometry: Geometry): number {
  return Math.min(contentHeight(geometry), TRACK_LIMIT);
}

export function maxOffset(geometry: Geometry): number {
  return Math.max(0, contentHeight(geometry) - geometry.viewport);
}

/** The position whose content begins at `offset`, which is moved into the bounds. */
export function positionAt(geometry: Geometry, offset: number): Position {
  const inside = clamp(offset, 0, maxOffset(geometry));
  return { top: topOf(geometry, inside), offset: inside };
}

/**
 * The position after the element was scrolled to `top`.
 *
 * Less than half of what one pixel of the scrollbar means was not the scrollbar: the content moves as far as the
 * element did. Afterwards `top` may not be where `positionAt` would put it; whoever scrolls mends that at rest.
 */
export function scrolled(geometry: Geometry, last: Position, top: number): Position {
  const end = maxTop(geometry);
  if (!isCompressed(geometry)) return { top, offset: clamp(top, 0, maxOffset(geometry)) };
  if (top <= 0) return START;
  if (top >= end) return { top, offset: maxOffset(geometry) };
  const moved = top - last.top;
  if (Math.abs(moved) < end / geometry.viewport / 2) {
    return { top, offset: clamp(last.offset + moved, 0, maxOffset(geometry)) };
  }
  return { top, offset: offsetOf(geometry, top) };
}

/** The rows that `offset` shows, and `beyond` more at each side. */
export function rowsAt(geometry: Geometry, offset: number, beyond: number): Rows {
  const { rows, rowHeight, viewport } = geometry;
  const first = clamp(Math.floor(offset / rowHeight) - beyond, 0, Math.max(0, rows - 1));
  const end = clamp(Math.ceil((offset + viewport) / rowHeight) + beyond, 0, rows);
  return { first, end, shift: first * rowHeight - offset };
}

/** The offset nearest to `offset` at which `row` is seen whole. */
export function offsetShowing(geometry: Geometry, offset: number, row: number): number {
  const upper = row * geometry.rowHeight;
  const lower = upper + geometry.rowHeight - geometry.viewport;
  return clamp(clamp(offset, lower, upper), 0, maxOffset(geometry));
}

function contentHeight(geometry: Geometry): number {
  return geometry.rows * geometry.rowHeight;
}

function isCompressed(geometry: Geometry): boolean {
  return contentHeight(geometry) > TRACK_LIMIT;
}

function maxTop(geometry: Geometry): number {
  return Math.max(0, trackHeight(geometry) - geometry.viewport);
}

function topOf(geometry: Geometry, offset: number): number {
  if (!isCompressed(geometry)) return offset;
  const end = maxOffset(geometry);
  if (offset <= EXACT) return offset;
  if (offset >= end - EXACT) return maxTop(geometry) - (end - offset);
  return EXACT + (offset - EXACT) / compression(geometry);
}

function offsetOf(geometry: Geometry, top: number): number {
  const end = maxTop(geometry);
  if (top <= EXACT) return top;
  if (top >= end - EXACT) return maxOffset(geometry) - (end - top);
  return EXACT + (top - EXACT) * compression(geometry);
}

/** Pixels of content behind a pixel of the compressed track. */
function compression(geometry: Geometry): number {
  return (maxOffset(geometry) - 2 * EXACT) / (maxTop(geometry) - 2 * EXACT);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

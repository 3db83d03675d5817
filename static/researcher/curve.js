// @ts-check
/** Curves over the number of raters: lines with their bands, a level that is wanted, and labelled axes, as SVG. */

import { make, makeSvg } from './elements.js';

/**
 * @typedef {{value: number | null, low: number | null, high: number | null}} Expected
 * @typedef {{name: string, kind: 'first' | 'second', points: {x: number, y: Expected}[]}} Line
 * @typedef {{level: number, words: string}} Wanted
 */

const WIDTH = 460;
const HEIGHT = 280;
const LEFT = 44;
const BOTTOM = 40;
const TOP = 12;
const RIGHT = 14;

/**
 * @param {HTMLElement} element emptied and filled
 * @param {Line[]} lines
 * @param {{y: string, wanted: Wanted | null, label: string}} words the axis, a level that is wanted, and the whole in words
 */
export function showCurve(element, lines, { y, wanted, label }) {
  const sizes = lines[0].points.map((point) => point.x);
  const last = sizes[sizes.length - 1];
  const across = scale(0, last, LEFT, WIDTH - RIGHT);
  const up = scale(0, 1, HEIGHT - BOTTOM, TOP);
  element.replaceChildren(
    makeSvg(
      'svg',
      { class: 'curve', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': label },
      ...[0, 0.25, 0.5, 0.75, 1].flatMap((level) => [
        makeSvg('line', { class: 'grid', x1: LEFT, x2: WIDTH - RIGHT, y1: up(level), y2: up(level) }),
        makeSvg('text', { x: LEFT - 6, y: up(level) + 4, 'text-anchor': 'end' }, String(level)),
      ]),
      ...ticks(last).map((size) =>
        makeSvg('text', { x: across(size), y: HEIGHT - BOTTOM + 16, 'text-anchor': 'middle' }, String(size)),
      ),
      makeSvg('text', { x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 6, 'text-anchor': 'middle' }, 'raters'),
      makeSvg(
        'text',
        { transform: `translate(11 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)`, 'text-anchor': 'middle' },
        y,
      ),
      ...lines.map((line) => makeSvg('polygon', { class: `band ${line.kind}`, points: band(line, across, up) })),
      ...(wanted
        ? [
            makeSvg('line', {
              class: 'wanted',
              x1: LEFT,
              x2: WIDTH - RIGHT,
              y1: up(wanted.level),
              y2: up(wanted.level),
            }),
          ]
        : []),
      ...lines.map((line) => makeSvg('polyline', { class: `line ${line.kind}`, points: path(line, across, up) })),
    ),
    make(
      'p',
      { class: 'hint legend' },
      ...lines.map((line) => make('span', { class: `key ${line.kind}` }, line.name)),
      ...(wanted ? [make('span', { class: 'key wanted' }, wanted.words)] : []),
    ),
  );
}

/**
 * Round numbers from 0 to `last`, at most seven.
 * @param {number} last
 */
export function ticks(last) {
  const step = [1, 2, 5, 10, 20, 25, 50, 100, 200].find((each) => last / each <= 6) ?? 500;
  return Array.from({ length: Math.floor(last / step) + 1 }, (_, k) => k * step);
}

/** @param {number} from @param {number} to @param {number} low @param {number} high */
function scale(from, to, low, high) {
  return (/** @type {number} */ value) =>
    Math.round(10 * (low + ((high - low) * (Math.min(to, Math.max(from, value)) - from)) / (to - from))) / 10;
}

/** @param {Line} line @param {(x: number) => number} across @param {(y: number) => number} up */
function path(line, across, up) {
  return line.points.flatMap(({ x, y }) => (y.value === null ? [] : [`${across(x)},${up(y.value)}`])).join(' ');
}

/** @param {Line} line @param {(x: number) => number} across @param {(y: number) => number} up */
function band(line, across, up) {
  const known = line.points.flatMap(({ x, y: { low, high } }) =>
    low === null || high === null ? [] : [{ x, low, high }],
  );
  const above = known.map(({ x, high }) => `${across(x)},${up(high)}`);
  const below = known.map(({ x, low }) => `${across(x)},${up(low)}`).reverse();
  return [...above, ...below].join(' ');
}

// @ts-check
/**
 * One value beside all others: a strip with a dot for each, or a histogram where there are many, with the limit beyond which
 * a value asks for a look. Layout is pure; `strip` makes the picture.
 */
import { makeSvg } from './elements.js';
import { counted, inUnit } from './words.js';

/**
 * @typedef {{value: number, name: string, simulated?: boolean, out?: boolean}} Point  out: left out of the results
 * @typedef {{low: number, high: number}} Range
 */

const WIDTH = 280;
const HEIGHT = 30;
const EDGE = 8;
/** With more values than this, dots hide each other. */
const MAX_DOTS = 400;
const BINS = 40;

/**
 * What a strip reaches over: all values, and the limit if it is near them.
 * @param {number[]} values
 * @param {number | null} limit
 * @returns {Range}
 */
export function rangeOf(values, limit) {
  let low = Math.min(...values);
  let high = Math.max(...values);
  const size = high - low || Math.abs(high) || 1;
  if (limit !== null && limit > low - size && limit < high + size) {
    low = Math.min(low, limit);
    high = Math.max(high, limit);
  }
  return low === high ? { low: low - size / 2, high: high + size / 2 } : { low, high };
}

/**
 * How many values lie in each of `count` bins of equal width.
 * @param {number[]} values
 * @param {Range} range
 * @param {number} count
 */
export function binned(values, { low, high }, count = BINS) {
  const counts = new Array(count).fill(0);
  for (const value of values) {
    counts[Math.min(count - 1, Math.max(0, Math.floor((count * (value - low)) / (high - low))))] += 1;
  }
  return counts;
}

/**
 * @param {Point[]} points
 * @param {{marked: number | null, limit: number | null, unit: string}} how  marked: the value that the strip is about
 * @returns {SVGElement | null} null without any value
 */
export function strip(points, { marked, limit, unit }) {
  const values = points.map(({ value }) => value);
  if (marked !== null) values.push(marked);
  if (!values.length) return null;
  const range = rangeOf(values, limit);
  /** @param {number} value */
  const x = (value) => EDGE + ((WIDTH - 2 * EDGE) * (value - range.low)) / (range.high - range.low);
  const middle = HEIGHT / 2;
  /** @type {SVGElement[]} */
  const marks = points.length > MAX_DOTS ? bars(points, range) : dots(points, x, unit);
  if (limit !== null && limit >= range.low && limit <= range.high) {
    marks.unshift(makeSvg('line', { class: 'limit', x1: x(limit), x2: x(limit), y1: 1, y2: HEIGHT - 1 }));
  }
  if (marked !== null) marks.push(makeSvg('circle', { class: 'marked', cx: x(marked), cy: middle, r: 6 }));
  const about = `${inUnit(range.low, unit)} to ${inUnit(range.high, unit)}`;
  return makeSvg(
    'svg',
    {
      class: 'strip',
      viewBox: `0 0 ${WIDTH} ${HEIGHT + 13}`,
      width: WIDTH,
      height: HEIGHT + 13,
      role: 'img',
      'aria-label':
        marked === null ? `${counted(values.length, 'value')} from ${about}` : `${inUnit(marked, unit)} among ${about}`,
    },
    makeSvg('line', { class: 'tick', x1: EDGE, x2: WIDTH - EDGE, y1: HEIGHT - 1, y2: HEIGHT - 1 }),
    ...marks,
    makeSvg('text', { x: EDGE, y: HEIGHT + 11 }, inUnit(range.low, unit)),
    makeSvg('text', { x: WIDTH - EDGE, y: HEIGHT + 11, 'text-anchor': 'end' }, inUnit(range.high, unit)),
  );
}

/** @param {Point[]} points @param {(value: number) => number} x @param {string} unit */
function dots(points, x, unit) {
  return points.map(({ value, name, simulated, out }) =>
    makeSvg(
      'circle',
      {
        class: `rater${simulated ? ' simulated' : ''}${out ? ' out' : ''}`,
        cx: x(value),
        cy: HEIGHT / 2,
        r: 4,
      },
      makeSvg('title', {}, `${name}: ${inUnit(value, unit)}${out ? ', left out' : ''}`),
    ),
  );
}

/** @param {Point[]} points @param {Range} range */
function bars(points, range) {
  const counts = binned(
    points.map(({ value }) => value),
    range,
  );
  const most = Math.max(...counts);
  const width = (WIDTH - 2 * EDGE) / counts.length;
  return counts.map((count, place) => {
    const height = ((HEIGHT - 3) * count) / most;
    return makeSvg('rect', {
      class: 'bar',
      x: EDGE + place * width,
      y: HEIGHT - 1 - height,
      width: Math.max(0.5, width - 0.5),
      height,
    });
  });
}

// @ts-check
/** Values with their intervals, one row each, over a band and a common axis, as SVG. */

import { makeSvg } from './elements.js';

/**
 * @typedef {{name: string, value: number | null, low: number | null, high: number | null, filled: boolean,
 *   best?: boolean, within?: boolean, parts?: (number | null)[]}} Dot filled: significant; within: where the best one lies;
 *   parts: what the value is the mean of
 */

const WIDTH = 640;
const LEFT = 210;
const RIGHT = 16;
const ROW = 22;
const TOP = 8;
const BOTTOM = 40;
const MAX_LETTERS = 30;

/**
 * @param {HTMLElement} element emptied and filled
 * @param {Dot[]} dots
 * @param {{axis: string, label: string, band: {low: number, high: number} | null, ends: [number, number] | null}} about
 *   the axis in words, the whole in words, the band, and the ends that nothing is drawn beyond
 */
export function showDots(element, dots, { axis, label, band, ends }) {
  const height = TOP + ROW * dots.length + BOTTOM;
  const floor = TOP + ROW * dots.length;
  /** @param {number | null} value */
  const kept = (value) => (value === null || ends === null ? value : Math.min(Math.max(value, ends[0]), ends[1]));
  const values = dots.flatMap((dot) => [dot.value, dot.low, dot.high, ...(dot.parts ?? [])].map(kept));
  const all = [0, ...values, ...(band ? [band.low, band.high] : [])].filter((value) => value !== null);
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const room = 0.03 * (most - least || 1);
  /** @param {number} value */
  const x = (value) => LEFT + ((value - least + room) / (most - least + 2 * room)) * (WIDTH - LEFT - RIGHT);
  element.replaceChildren(
    makeSvg(
      'svg',
      { class: 'dots', viewBox: `0 0 ${WIDTH} ${height}`, role: 'img', 'aria-label': label },
      ...dots.map((dot, place) =>
        dot.within
          ? makeSvg('rect', {
              class: 'within-best',
              x: LEFT,
              y: TOP + ROW * place,
              width: WIDTH - LEFT - RIGHT,
              height: ROW,
            })
          : null,
      ),
      ...(band
        ? [
            makeSvg('rect', {
              class: 'ceiling',
              x: x(band.low),
              y: TOP,
              width: x(band.high) - x(band.low),
              height: floor - TOP,
            }),
          ]
        : []),
      ...ticks(least, most).flatMap((value) => [
        makeSvg('line', { class: value === 0 ? 'zero' : 'grid', x1: x(value), x2: x(value), y1: TOP, y2: floor }),
        makeSvg('text', { x: x(value), y: floor + 16, 'text-anchor': 'middle' }, String(value).replace('-', '−')),
      ]),
      makeSvg('text', { x: (LEFT + WIDTH - RIGHT) / 2, y: height - 6, 'text-anchor': 'middle' }, axis),
      ...dots.map((dot, place) => row(dot, TOP + ROW * (place + 0.5), x, kept)),
    ),
  );
}

/**
 * @param {Dot} dot
 * @param {number} y
 * @param {(value: number) => number} x
 * @param {(value: number | null) => number | null} kept
 */
function row(dot, y, x, kept) {
  const [value, low, high] = [kept(dot.value), kept(dot.low), kept(dot.high)];
  return makeSvg(
    'g',
    { class: `${dot.filled ? '' : 'open'} ${dot.best ? 'best' : ''}` },
    makeSvg('title', {}, dot.name),
    makeSvg('text', { class: 'name', x: LEFT - 8, y: y + 4, 'text-anchor': 'end' }, shortened(dot.name)),
    ...(dot.parts ?? []).map((one) =>
      one === null ? null : makeSvg('circle', { class: 'part', cx: x(kept(one) ?? 0), cy: y, r: 2 }),
    ),
    low !== null && high !== null
      ? makeSvg('line', { class: 'interval', x1: x(low), x2: x(high), y1: y, y2: y })
      : null,
    value === null ? null : makeSvg('circle', { cx: x(value), cy: y, r: 4 }),
  );
}

/** @param {string} name @returns {string} cut in its middle to what fits: layers of a network differ at their ends */
export function shortened(name) {
  return name.length > MAX_LETTERS ? `${name.slice(0, 11)}…${name.slice(12 - MAX_LETTERS)}` : name;
}

/** @param {number} least @param {number} most @returns {number[]} round numbers between both */
export function ticks(least, most) {
  const rough = (most - least || 1) / 5;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = /** @type {number} */ ([1, 2, 5, 10].find((one) => one * size >= rough)) * size;
  const first = Math.ceil(least / step - 1e-9);
  const count = Math.floor(most / step + 1e-9) - first + 1;
  return Array.from({ length: count }, (_, place) => Number(((first + place) * step).toPrecision(10)) + 0);
}

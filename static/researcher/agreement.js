// @ts-check
/** The table of agreement between raters: each measure with its interval as numbers, as a picture and in words. */

import { make, makeSvg, simulatedMark } from './elements.js';
import { counted, number } from './words.js';

/**
 * @typedef {{low: number, high: number, width: number}} Scale  what the pictures reach over, and their width in pixels
 * @typedef {{label: string, meaning: string, main: boolean, value: number | null, low: number | null, high: number | null,
 *   reason: string | null}} Measure
 * @typedef {{rater: string, r: number | null, simulated: boolean}} Rater  r: with the mean of the others
 * @typedef {{lower: number | null, upper: number | null, lower_interval: (number | null)[], upper_interval: (number | null)[],
 *   reason: string | null}} Ceiling
 * @typedef {{n_raters: number, pairs_are_shared: boolean, level: number, remarks: string[], measures: Measure[], raters: Rater[],
 *   ceiling: Ceiling}} Agreement
 */

const WIDE = 280;
const NARROW = 170;
const HEIGHT = 26;

/**
 * @param {HTMLElement} element emptied and filled
 * @param {Agreement} agreement the server's answer
 */
export function showAgreement(element, agreement) {
  if (agreement.n_raters < 2) {
    element.replaceChildren(
      make(
        'p',
        { class: 'empty' },
        agreement.n_raters === 1
          ? 'There is one rater so far: agreement needs at least two.'
          : 'There is no rater with an RDM yet.',
      ),
    );
    return;
  }
  const ends = agreement.measures.flatMap(({ value, low, high }) => [value, low, high]);
  const lowest = Math.min(0, ...ends.filter((end) => end !== null), ...agreement.raters.map(({ r }) => r ?? 0));
  const scale = {
    low: Math.max(-1, Math.floor(lowest * 4) / 4),
    high: 1,
    width: element.clientWidth < 850 ? NARROW : WIDE,
  };
  // Where raters shared the pairs, what compares single raters does not exist, and the remarks say so.
  const shared = agreement.pairs_are_shared;
  const there = agreement.measures.filter(({ value }) => !shared || value !== null);
  const main = there.filter((measure) => measure.main);
  const more = there.filter((measure) => !measure.main);
  const percent = Math.round(100 * agreement.level);
  /** @param {HTMLElement[]} rows */
  const table = (rows) => tableOf(rows, percent, scale);
  element.replaceChildren(
    ...(shared ? [] : [about(agreement.n_raters, percent)]),
    ...agreement.remarks.map((sentence) => make('p', { class: 'hint' }, sentence)),
    wide(
      'Table of agreement',
      table([
        ...main.map((measure) => row(measure, scale)),
        ...(shared ? [] : [ceilingRow(agreement.ceiling, scale)]),
        ratersRow(agreement.raters, scale, shared),
      ]),
    ),
    ...(more.length
      ? [
          make(
            'details',
            {},
            make('summary', {}, 'More coefficients'),
            wide('Table of more coefficients', table(more.map((measure) => row(measure, scale)))),
          ),
        ]
      : []),
  );
}

/** @param {number} raters @param {number} percent */
function about(raters, percent) {
  return make(
    'p',
    { class: 'hint' },
    `Computed from ${counted(raters, 'rater')}, over the pairs that both sides saw. Intervals ` +
      `(${percent} %) say how far other raters of the same kind might differ. A high split-half beside a low pairwise r is normal in this task: single ` +
      'raters are noisy, their mean is not.',
  );
}

/** @param {string} label @param {HTMLElement} content */
function wide(label, content) {
  return make('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': label }, content);
}

/** @param {HTMLElement[]} rows @param {number} percent @param {Scale} scale */
function tableOf(rows, percent, scale) {
  return make(
    'table',
    { class: 'agreement' },
    make(
      'thead',
      {},
      make(
        'tr',
        {},
        make('th', { scope: 'col' }, 'Measure'),
        make('th', { scope: 'col', class: 'number' }, 'Value'),
        make('th', { scope: 'col', class: 'number' }, `${percent} % interval`),
        make('th', { scope: 'col', class: 'picture' }, make('span', { class: 'unseen' }, 'Picture'), numbers(scale)),
      ),
    ),
    make('tbody', {}, ...rows),
  );
}

/** @param {Measure} measure @param {Scale} scale */
function row({ label, meaning, value, low, high, reason }, scale) {
  const interval = low === null || high === null ? '–' : `${number(low)} to ${number(high)}`;
  // Alpha and the ICCs have no lower bound; how far below −1 they lie says nothing more.
  return line(
    label,
    value !== null && value < -1 ? '< −1' : number(value),
    interval,
    value === null
      ? axis(scale)
      : axis(
          scale,
          low === null || high === null
            ? null
            : makeSvg('line', {
                class: 'whisker',
                x1: x(low, scale),
                x2: x(high, scale),
                y1: HEIGHT / 2,
                y2: HEIGHT / 2,
              }),
          makeSvg('circle', { class: 'value', cx: x(value, scale), cy: HEIGHT / 2, r: 5 }),
        ),
    reason ? `${meaning} (${reason}.)` : meaning,
  );
}

/** @param {Ceiling} ceiling @param {Scale} scale */
function ceilingRow({ lower, upper, lower_interval: below, upper_interval: above, reason }, scale) {
  const known = lower !== null && upper !== null;
  const words =
    'How well could the best possible model do? Its mean r with the raters would lie between these two bounds ' +
    "(Nili et al. 2014); above and below the band are the bounds' intervals. Compare a model's mean r with single raters with this, not with alpha.";
  return line(
    'Noise ceiling',
    known ? `${number(lower)} to ${number(upper)}` : '–',
    known ? make('span', {}, ...[below, above].map((one) => make('span', { class: 'bound' }, inWords(one)))) : '',
    axis(
      scale,
      known
        ? makeSvg('rect', {
            class: 'band',
            x: x(lower, scale),
            width: Math.max(2, x(upper, scale) - x(lower, scale)),
            y: 5,
            height: HEIGHT - 10,
            rx: 2,
          })
        : null,
      whisker(below, scale, 3),
      whisker(above, scale, HEIGHT - 3),
    ),
    reason ? `${words} (${reason}.)` : words,
  );
}

/** @param {(number | null)[]} interval @returns {string} "0.31 to 0.52" */
function inWords([low, high]) {
  return low === null || high === null ? '–' : `${number(low)} to ${number(high)}`;
}

/** @param {(number | null)[]} interval @param {Scale} scale @param {number} y */
function whisker([low, high], scale, y) {
  if (low === null || high === null) return null;
  return makeSvg('line', { class: 'whisker', x1: x(low, scale), x2: x(high, scale), y1: y, y2: y });
}

/** @param {Rater[]} raters @param {Scale} scale @param {boolean} shared */
function ratersRow(raters, scale, shared) {
  const known = raters.flatMap(({ rater, r, simulated }) => (r === null ? [] : [{ rater, r, simulated }]));
  const dots = known.map(({ rater, r, simulated }) =>
    makeSvg(
      'circle',
      { class: simulated ? 'rater simulated' : 'rater', cx: x(r, scale), cy: HEIGHT / 2, r: 4 },
      makeSvg('title', {}, `${rater}${simulated ? ' (simulated)' : ''}: ${number(r)}`),
    ),
  );
  const [lowest] = [...known].sort((a, b) => a.r - b.r);
  const others = shared ? 'the RDM of the half of the raters without them' : 'the mean of the others';
  const words = make('span', {}, `Each rater's r with ${others}. `);
  if (lowest) words.append(`Lowest: ${lowest.rater}, ${number(lowest.r)}. `);
  if (raters.some(({ simulated }) => simulated)) words.append(simulatedMark(), ' raters are drawn hollow.');
  return line('Single raters', '', '', axis(scale, ...dots), words);
}

/**
 * @param {string} label
 * @param {string} value
 * @param {Node | string} interval
 * @param {SVGElement} picture
 * @param {Node | string} words
 */
function line(label, value, interval, picture, words) {
  return make(
    'tr',
    {},
    make('th', { scope: 'row' }, label, make('span', { class: 'meaning' }, words)),
    make('td', { class: 'number' }, value),
    make('td', { class: 'number' }, interval),
    make('td', { class: 'picture' }, picture),
  );
}

/** @param {Scale} scale @param {...(SVGElement | null)} marks */
function axis(scale, ...marks) {
  const ticks = [];
  for (let value = scale.low; value <= 1.0001; value += 0.25) {
    const at = x(value, scale);
    ticks.push(
      makeSvg('line', { class: Math.abs(value) < 1e-9 ? 'tick zero' : 'tick', x1: at, x2: at, y1: 0, y2: HEIGHT }),
    );
  }
  return makeSvg(
    'svg',
    { viewBox: `0 0 ${scale.width} ${HEIGHT}`, width: scale.width, height: HEIGHT, 'aria-hidden': 'true' },
    ...ticks,
    ...marks,
  );
}

/**
 * The numbers above the column of pictures.
 * @param {Scale} scale
 */
function numbers(scale) {
  const marks = [scale.low, ...(scale.low < 0 ? [0] : []), 0.5, 1];
  return makeSvg(
    'svg',
    { viewBox: `0 0 ${scale.width} 14`, width: scale.width, height: 14, 'aria-hidden': 'true' },
    ...marks.map((value) =>
      makeSvg('text', { x: x(value, scale), y: 11, 'text-anchor': 'middle' }, String(value).replace('-', '\u2212')),
    ),
  );
}

/** @param {number} value @param {Scale} scale */
function x(value, { low, high, width }) {
  // What lies beyond the measures' range is drawn at its end; the number beside it says more.
  return 8 + ((width - 16) * (Math.min(high, Math.max(low, value)) - low)) / (high - low);
}

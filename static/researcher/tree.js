// @ts-check
/** The clips' tree: which join at which dissimilarity, drawn from left (all) to right (each clip). */

import { make, makeSvg } from './elements.js';
import { number } from './words.js';

const ROW = 16;
const WIDTH = 560;
const NAMES = 200;
const TOP = 4;
const AXIS = 26;

/**
 * @typedef {{linkage: [number, number, number][], order: number[], cophenetic: number | null}} Tree
 *   linkage: as SciPy's, without the sizes
 */

/**
 * @param {HTMLElement} element emptied and filled
 * @param {Tree} tree
 * @param {{label: string}[]} clips
 * @param {(string | null)[]} colours of the clips
 */
export function showTree(element, tree, clips, colours) {
  const n = tree.order.length;
  const height = TOP + ROW * n + AXIS;
  const most = tree.linkage[n - 2][2] || 1;
  const { lines } = joints(tree, most);
  const row = new Map(tree.order.map((item, place) => [item, place]));
  const names = tree.order.map((item) =>
    makeSvg(
      'text',
      { x: WIDTH - NAMES + 14, y: TOP + ROW * (Number(row.get(item)) + 0.5) + 4 },
      makeSvg('title', {}, clips[item].label),
      shortened(clips[item].label),
    ),
  );
  const marks = tree.order.flatMap((item, place) => {
    const colour = colours[item];
    if (colour === null) return [];
    const mark = makeSvg('circle', { cx: WIDTH - NAMES + 7, cy: TOP + ROW * (place + 0.5), r: 4 });
    mark.style.fill = colour;
    return [mark];
  });
  const ends = [most, most / 2, 0].map((value) =>
    makeSvg('text', { x: across(value, most), y: height - 6, 'text-anchor': 'middle' }, number(value)),
  );
  element.replaceChildren(
    make(
      'div',
      { class: 'scroll tree', tabindex: 0, role: 'region', 'aria-label': 'Tree of the clips' },
      makeSvg(
        'svg',
        { viewBox: `0 0 ${WIDTH} ${height}`, width: WIDTH, height, role: 'img', 'aria-label': `Tree of ${n} clips` },
        makeSvg('path', { d: lines }),
        ...marks,
        ...names,
        ...ends,
      ),
    ),
    make(
      'p',
      { class: 'hint' },
      'Clips and groups join at their mean dissimilarity (average linkage; numbers below). ' +
        `Cophenetic correlation ${number(tree.cophenetic)}: how well the tree keeps the dissimilarities, 1 being all of them.`,
    ),
  );
}

/**
 * The lines of a tree as an SVG path. Pure.
 * @param {Tree} tree
 * @param {number} most the height of the last joint
 */
function joints({ linkage, order }, most) {
  /** @type {{y: number, height: number}[]} */
  const nodes = order.map(() => ({ y: 0, height: 0 }));
  order.forEach((item, place) => {
    nodes[item].y = TOP + ROW * (place + 0.5);
  });
  const parts = linkage.map(([first, second, height]) => {
    const [a, b] = [nodes[first], nodes[second]];
    const x = across(height, most);
    nodes.push({ y: (a.y + b.y) / 2, height });
    return `M${across(a.height, most)} ${a.y}H${x}V${b.y}H${across(b.height, most)}`;
  });
  return { lines: parts.join(''), nodes };
}

/** @param {number} height @param {number} most */
function across(height, most) {
  return Math.round(10 * (WIDTH - NAMES - ((WIDTH - NAMES - 24) * height) / most)) / 10;
}

/** @param {string} label */
function shortened(label) {
  return label.length <= 28 ? label : `${label.slice(0, 27)}…`;
}

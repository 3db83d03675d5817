// @ts-check
/** Numbers of the page "Models" as texts, and the links to its figures. */

import { find } from '../page.js';
import { make } from './elements.js';

const FILES = { pdf: 'PDF', svg: 'SVG', png: 'PNG', py: 'the script that remakes it' };

/** @param {number | null} value @param {number} [digits] */
export const figure = (value, digits = 3) =>
  value === null
    ? '–'
    : value
        .toFixed(digits)
        .replace(/^-(?=0\.?0*$)/, '')
        .replace('-', '−');
/** @param {number | null} p */
export const written = (p) => (p === null ? '–' : p < 0.001 ? '< .001' : p.toFixed(3).replace('0.', '.'));
/** @param {{low: number | null, high: number | null}} one @param {number} [digits] */
export const range = (one, digits = 3) =>
  one.low === null ? '–' : `${figure(one.low, digits)} to ${figure(one.high, digits)}`;
/** @param {string | number} text */
export const number = (text) => make('td', { class: 'number' }, text);

/** @param {string} name */
export function downloads(name) {
  const { figures } = find(document, '[data-figures]', HTMLElement).dataset;
  const links = Object.entries(FILES).map(([kind, words]) => make('a', { href: `${figures}${name}.${kind}` }, words));
  return ['Figure: ', ...links.flatMap((link, place) => (place ? [' · ', link] : [link]))];
}

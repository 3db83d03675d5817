// @ts-check
/** Colouring clips by an attribute of attributes.csv. */

import { CATEGORIES, colourOf, css, DISSIMILARITY } from './colour.js';
import { make } from './elements.js';

/**
 * Attributes whose colours would say something: numbers that vary, or words with a few different values.
 * @param {{attributes: Record<string, string>}[]} clips
 * @returns {string[]}
 */
export function attributesToColour(clips) {
  const names = [...new Set(clips.flatMap((clip) => Object.keys(clip.attributes)))];
  return names.filter((name) => {
    const values = new Set(clips.map((clip) => clip.attributes[name] ?? ''));
    return values.size > 1 && (isNumeric(clips, name) || values.size <= CATEGORIES.length);
  });
}

/**
 * A colour for each clip, and what the colours mean.
 * @param {{attributes: Record<string, string>}[]} clips
 * @param {string} name of the attribute; "" for none
 * @returns {{colours: (string | null)[], legend: HTMLElement[]}}
 */
export function coloursBy(clips, name) {
  if (!name) return { colours: clips.map(() => null), legend: [] };
  const values = clips.map((clip) => clip.attributes[name] ?? '');
  const kinds = [...new Set(values)];
  if (kinds.length > CATEGORIES.length || (isNumeric(clips, name) && kinds.length > 4))
    return onScale(values.map((value) => (value.trim() === '' ? null : Number(value))));
  const colours = new Map(kinds.map((kind, k) => [kind, CATEGORIES[k]]));
  return {
    colours: values.map((value) => colours.get(value) ?? null),
    legend: [...colours].map(([kind, colour]) => entry(colour, kind || '–')),
  };
}

/** @param {(number | null)[]} numbers null: not known, which gets no colour */
function onScale(numbers) {
  const known = numbers.filter((value) => value !== null);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  /** @param {number} value */
  const shade = (value) => css(colourOf(DISSIMILARITY, (value - low) / (high - low || 1)));
  return {
    colours: numbers.map((value) => (value === null ? null : shade(value))),
    legend: [
      ...[low, (low + high) / 2, high].map((value) => entry(shade(value), String(+value.toPrecision(3)))),
      ...(known.length < numbers.length ? [make('li', {}, '– not known: no colour')] : []),
    ],
  };
}

/** @param {string} colour @param {string} words */
function entry(colour, words) {
  const swatch = make('span', { class: 'swatch' });
  swatch.style.background = colour;
  return make('li', {}, swatch, words);
}

/**
 * Whether all that is known is numbers; clips without the attribute say nothing.
 * @param {{attributes: Record<string, string>}[]} clips
 * @param {string} name
 */
function isNumeric(clips, name) {
  const known = clips.map((clip) => clip.attributes[name] ?? '').filter((value) => value.trim() !== '');
  return known.length > 0 && known.every((value) => Number.isFinite(Number(value)));
}

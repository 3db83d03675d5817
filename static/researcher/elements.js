// @ts-check
import { find, given } from '../page.js';

/** @typedef {Node | string | number | null} Child null: nothing */

/**
 * Make an element. Texts become text nodes, so nothing that a participant or a file name brings is ever read as HTML.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, unknown>} [properties] attributes; null and false are left out
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, properties = {}, ...children) {
  return fill(document.createElement(tag), properties, children);
}

/**
 * As `make`, for SVG.
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, unknown>} [properties]
 * @param {...Child} children
 * @returns {SVGElementTagNameMap[K]}
 */
export function makeSvg(tag, properties = {}, ...children) {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), properties, children);
}

/**
 * @template {Element} T
 * @param {T} element
 * @param {Record<string, unknown>} properties
 * @param {Child[]} children
 * @returns {T}
 */
function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value !== null && value !== false) element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(
    ...children.flatMap((child) => (child === null ? [] : [child instanceof Node ? child : String(child)])),
  );
  return element;
}

/**
 * The element of this page with that data attribute.
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} name
 * @param {new () => T} [kind]
 * @returns {T}
 */
export function part(name, kind) {
  return find(document, `[data-${name}]`, kind);
}

/**
 * Make a table's rows those of `items`; a row is rebuilt only when something in it changed.
 * @template T
 * @param {HTMLElement} body
 * @param {T[]} items
 * @param {{key: (item: T) => string, text: (item: T) => string, row: (item: T) => HTMLElement}} how
 *   `text` holds everything that a row shows
 */
export function syncRows(body, items, { key, text, row }) {
  const there = /** @type {HTMLElement[]} */ ([...body.children]);
  const known = new Map(there.map((element) => [element.dataset.key, element]));
  /** @type {HTMLElement[]} */
  const focused = [];
  const rows = items.map((item) => {
    const before = known.get(key(item));
    if (before && before.dataset.text === text(item)) return before;
    const made = row(item);
    made.dataset.key = key(item);
    made.dataset.text = text(item);
    // Whoever has focused a row by the keyboard keeps the focus when it changes.
    if (before?.contains(document.activeElement)) focused.push(made);
    return made;
  });
  rows.forEach((element, place) => {
    if (body.children[place] !== element) body.insertBefore(element, body.children[place] ?? null);
  });
  while (body.children.length > rows.length) given(body.lastElementChild).remove();
  for (const row of focused)
    /** @type {HTMLElement | null} */ (row.querySelector('a, button'))?.focus({ preventScroll: true });
}

/** The mark beside everything that a simulated rater did. */
export function simulatedMark() {
  return make('span', { class: 'badge simulated' }, 'simulated');
}

/**
 * The server's rendering of a Markdown text, which holds harmless tags alone; a parsed document runs nothing.
 * @param {string} html
 */
export function nodesOf(html) {
  return [...new DOMParser().parseFromString(html, 'text/html').body.childNodes];
}

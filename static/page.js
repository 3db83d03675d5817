// @ts-check
/** What a page must have: its own template's elements, and values that are known to be there. Missing ones are errors. */

/**
 * @template T
 * @param {T} value
 * @param {string} [what] for the error
 * @returns {NonNullable<T>}
 * @throws {Error} where it is missing
 */
export function given(value, what = 'something that this page needs') {
  if (value === null || value === undefined) throw new Error(`missing: ${what}`);
  return value;
}

/**
 * @template {HTMLElement} [T=HTMLElement]
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => T} [kind]
 * @returns {T} the first that fits
 * @throws {Error} where there is none, or it is of another kind
 */
export function find(root, selector, kind) {
  const element = root.querySelector(selector);
  if (!(element instanceof (kind ?? HTMLElement))) throw new Error(`missing: ${selector}`);
  return /** @type {T} */ (element);
}

/**
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @param {new () => T} [kind]
 * @returns {T}
 * @throws {Error} where there is none, or it is of another kind
 */
export function byId(id, kind) {
  return find(document, `#${id}`, kind);
}

/** The element that an event came to. @param {Event} event */
export const elementOf = (event) => /** @type {Element} */ (event.target);

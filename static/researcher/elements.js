/**
 * Make an element. Texts become text nodes, so nothing that a participant or a file name brings is ever read as HTML.
 * @param {string} tag
 * @param {Record<string, unknown>} [properties] attributes; functions are listeners; null and false are left out
 * @param {...(Node | string | number | null)} children
 * @returns {HTMLElement}
 */
export function make(tag, properties = {}, ...children) {
  return fill(document.createElement(tag), properties, children);
}

/** As `make`, for SVG. */
export function makeSvg(tag, properties = {}, ...children) {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), properties, children);
}

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value !== null && value !== false) element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(
    ...children.filter((child) => child !== null).map((child) => (child instanceof Node ? child : String(child))),
  );
  return element;
}

/** The element of this page with that data attribute. */
export function part(name, within = document) {
  return within.querySelector(`[data-${name}]`);
}

/**
 * Make a table's rows those of `items`; a row is made anew only when something in it changed.
 * @template T
 * @param {HTMLElement} body
 * @param {T[]} items
 * @param {{key: (item: T) => string, text: (item: T) => string, row: (item: T) => HTMLElement}} how
 *   `text` holds everything that a row shows
 */
export function syncRows(body, items, { key, text, row }) {
  const known = new Map([...body.children].map((element) => [element.dataset.key, element]));
  const rows = items.map((item) => {
    const before = known.get(key(item));
    if (before && before.dataset.text === text(item)) return before;
    const made = row(item);
    made.dataset.key = key(item);
    made.dataset.text = text(item);
    return made;
  });
  rows.forEach((element, place) => {
    if (body.children[place] !== element) body.insertBefore(element, body.children[place] ?? null);
  });
  while (body.children.length > rows.length) body.lastElementChild.remove();
}

/** The mark that stands beside everything that a simulated rater did. */
export function simulatedMark() {
  return make('span', { class: 'badge simulated' }, 'simulated');
}

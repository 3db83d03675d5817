// @ts-check
/**
 * Texts of the page in the participant's language. The English text is the key.
 *
 * @typedef {(text: string, params?: Record<string, string | number>) => string} Translate  fills in each {name}
 */

/**
 * @param {Record<string, string>} strings  English text -> text in the page's language; a missing one stays English
 * @returns {Translate}
 */
export function translator(strings) {
  return (text, params = {}) =>
    (strings[text] ?? text).replace(/\{(\w+)\}/g, (whole, name) => (name in params ? String(params[name]) : whole));
}

/**
 * The texts that the server put into the page.
 * @param {Document} page
 * @returns {Record<string, string>}
 */
export function stringsOf(page) {
  return JSON.parse(page.getElementById('strings')?.textContent || '{}');
}

// @ts-check
/** What waits in the outbox: arrangements, the answers to a sheet of questions, and ratings of clips, told apart by key. */

/** The key of a sheet's answers. @param {string} session @param {string} sheet */
export const answersKey = (session, sheet) => `answers/${session}/${sheet}`;

/** The sheet that a key belongs to; null for anything but answers. @param {string} key */
export const sheetOfKey = (key) => (key.startsWith('answers/') ? (key.split('/').at(-1) ?? null) : null);

/** The key of a rating. @param {{key: string, revision: number}} one  revision: how often the clip was rated before */
export const ratingKey = ({ key, revision }) => `rating/${key}/${revision}`;

/** The clip's own key in a rating's; null for anything but a rating. @param {string} key */
export const ratingOfKey = (key) => (key.startsWith('rating/') ? key.split('/')[1] : null);

/** @param {string} key */
export const isArrangement = (key) => sheetOfKey(key) === null && ratingOfKey(key) === null;

/**
 * Sends an entry to where its kind belongs.
 * @param {ReturnType<typeof import('./api.js').createApi>} api
 * @returns {ReturnType<typeof import('./api.js').createApi>['submit']}
 */
export function sendBy(api) {
  return (key, body) => {
    const sheet = sheetOfKey(key);
    const rated = ratingOfKey(key);
    if (rated !== null) return api.rating(key, rated, body);
    return sheet === null ? api.submit(key, body) : api.answers(key, sheet, body);
  };
}

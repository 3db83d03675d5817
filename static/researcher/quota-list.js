// @ts-check
/** Quotas as study.toml has them, by the name of their question; pure functions. */

/** @typedef {Record<string, any>} Question */
/** @typedef {number | string | Record<string, number | string>} Quota a text: what is typed and is no number */
/** @typedef {'none' | 'same' | 'each' | 'ranges'} Mode */

const KINDS = ['one_of', 'several_of', 'scale', 'number'];

/** The questions that can have a quota. @param {unknown} questions @returns {Question[]} */
export function candidates(questions) {
  if (!Array.isArray(questions)) return [];
  return questions.filter((one) => one?.name && one.when === 'before' && KINDS.includes(one.kind));
}

/** The answers among which people choose. @param {Question} question @returns {string[]} */
export function offered(question) {
  if (question.kind === 'scale') {
    const [from, to] = [Number(question.min ?? 1), Number(question.max ?? 7)];
    return to - from < 100 ? Array.from({ length: Math.max(to - from + 1, 0) }, (_, step) => String(from + step)) : [];
  }
  if (!Array.isArray(question.choices)) return [];
  return question.choices
    .map((one) => String(typeof one === 'object' && one ? (one.value ?? '') : one))
    .filter(Boolean);
}

/** How a quota is entered. @param {Question} question @param {Quota | undefined} quota @returns {Mode} */
export function modeOf(question, quota) {
  if (quota === undefined) return 'none';
  if (question.kind === 'number') return 'ranges';
  return typeof quota === 'object' ? 'each' : 'same';
}

/** The modes that a question can have. @param {Question} question @returns {Mode[]} */
export const modesOf = (question) => (question.kind === 'number' ? ['none', 'ranges'] : ['none', 'same', 'each']);

/**
 * The quotas with that of one question changed; null where none is left.
 * @param {Record<string, Quota>} quotas
 * @param {string} name
 * @param {Quota | null} quota null, and one without a single number: none
 */
export function withQuota(quotas, name, quota) {
  const next = { ...quotas };
  const isEmpty = quota === null || quota === '' || (typeof quota === 'object' && Object.keys(quota).length === 0);
  if (isEmpty) delete next[name];
  else next[name] = quota;
  return Object.keys(next).length ? next : null;
}

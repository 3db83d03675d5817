// @ts-check
/** Questions as study.toml has them, and how one becomes another: pure functions of plain objects. */

/** @typedef {Record<string, any>} Question */
/** @typedef {string | Record<string, string>} Texts one text, or one for each language */
/** @typedef {{text: Texts, value: string}} Choice `value` is empty where the files have the text */

/** The languages of the participants' pages. @type {Record<string, string>} */
export const LANGUAGES = { en: 'English', de: 'German', fr: 'French', es: 'Spanish' };
const OF_TEXTS = ['ask', 'min_label', 'max_label'];
/** What a new question of each kind begins with. @type {Record<string, Question>} */
const BEGINNINGS = {
  number: { step: 1 },
  one_of: { choices: ['Yes', 'No'] },
  several_of: { choices: ['First', 'Second'] },
  scale: { min: 1, max: 7 },
};

/**
 * @param {string} kind @param {Question[]} others
 * @param {boolean} [isOnly] whether there is no other kind, so that it need not be said
 * @returns {Question}
 */
export function newQuestion(kind, others, isOnly = false) {
  const kinds = isOnly ? {} : { kind };
  return { name: freeName(kind, others), ask: '', ...kinds, ...structuredClone(BEGINNINGS[kind] ?? {}) };
}

/** @param {string} base @param {Question[]} others @returns {string} a name that none of them has */
function freeName(base, others) {
  const taken = new Set(others.map((one) => String(one.name).toLowerCase()));
  let number = 1;
  while (taken.has(`${base}_${number}`)) number += 1;
  return `${base}_${number}`;
}

/**
 * The question as one of another kind; what that kind does not have is gone.
 * @param {Question} question @param {string} kind @param {string[]} fields those of the kind
 * @returns {Question}
 */
export function ofKind(question, kind, fields) {
  const kept = Object.entries(question).filter(([name]) => fields.includes(name));
  return { ...structuredClone(BEGINNINGS[kind] ?? {}), ...Object.fromEntries(kept), kind };
}

/**
 * The problems of a question that are told: of one that was just added, not that its fields are still empty.
 * @template {{reason: string}} P
 * @param {P[]} problems @param {boolean} isNew
 */
export function toTell(problems, isNew) {
  return isNew ? problems.filter(({ reason }) => reason !== 'must not be empty') : problems;
}

/** @param {Question} question */
export function isInLanguages(question) {
  const texts = [...OF_TEXTS.map((name) => question[name]), ...choicesOf(question).map((choice) => choice.text)];
  return texts.some((text) => text !== null && typeof text === 'object');
}

/** @param {Question} question @param {string} language in which its texts are @returns {Question} */
export function inLanguages(question, language) {
  return withTexts(question, (text) => (typeof text === 'string' ? { [language]: text } : text));
}

/** @param {Question} question @param {string} language whose texts stay @returns {Question} */
export function inOneLanguage(question, language) {
  return withTexts(question, (text) =>
    typeof text === 'string' ? text : (text[language] ?? text.en ?? Object.values(text)[0] ?? ''),
  );
}

/** @param {Question} question @returns {Choice[]} */
export function choicesOf(question) {
  const choices = Array.isArray(question.choices) ? question.choices : [];
  return choices.map((one) =>
    one !== null && typeof one === 'object'
      ? { text: one.label ?? '', value: String(one.value ?? '') }
      : { text: String(one), value: '' },
  );
}

/** What the files have for a choice. @param {Choice} choice */
export function valueOfChoice({ text, value }) {
  if (value) return value;
  return typeof text === 'string' ? text : text.en || Object.values(text).find(Boolean) || '';
}

/** As study.toml has it. @param {Choice} choice */
export function asWritten(choice) {
  const value = valueOfChoice(choice);
  return choice.text === value ? value : { value, label: choice.text };
}

/**
 * The question with these choices; those that end the session are renamed or gone with them.
 * @param {Question} question @param {any[]} choices as study.toml has them @returns {Question}
 */
export function withChoices(question, choices) {
  /** @type {Question} */
  const changed = { ...question, choices };
  if (!Array.isArray(question.screen_out)) return changed;
  const [before, after] = [choicesOf(question).map(valueOfChoice), choicesOf(changed).map(valueOfChoice)];
  const differ = before.filter((value, place) => value !== after[place]).length;
  const renamed = before.length === after.length && differ === 1;
  const some = question.screen_out
    .map((/** @type {string} */ value) => (renamed ? (after[before.indexOf(value)] ?? value) : value))
    .filter((/** @type {string} */ value) => after.includes(value));
  if (some.length) changed.screen_out = some;
  else delete changed.screen_out;
  return changed;
}

/** @param {Texts | undefined} text @returns {string} for a line that names the question */
export function oneText(text) {
  if (typeof text === 'string') return text;
  return text ? text.en || Object.values(text).find(Boolean) || '' : '';
}

/**
 * @template T
 * @param {T[]} list @param {number} from @param {number} to
 * @returns {T[]} a copy with that one there
 */
export function moved(list, from, to) {
  const copy = [...list];
  copy.splice(to, 0, ...copy.splice(from, 1));
  return copy;
}

/** @param {Question} question @param {(text: Texts) => Texts} change @returns {Question} */
function withTexts(question, change) {
  const changed = { ...question };
  for (const name of OF_TEXTS) if (name in changed) changed[name] = change(changed[name]);
  if (changed.choices) {
    changed.choices = choicesOf(question).map((choice) =>
      asWritten({ value: valueOfChoice(choice), text: change(choice.text) }),
    );
  }
  return changed;
}

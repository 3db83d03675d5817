// @ts-check
/**
 * What a participant typed or chose, as an answer of the kind that the question takes. Pure. The server checks it again.
 *
 * @typedef {'text' | 'number' | 'one_of' | 'several_of' | 'scale' | 'consent'} Kind
 * @typedef {{name: string, kind: Kind, required: boolean, min?: number | null, max?: number | null, step?: number | null}} Question
 *   the keys are those that its kind has in study.toml
 * @typedef {string | number | boolean | string[] | null} Answer
 * @typedef {string | string[] | boolean} Given  the text of a box, the value that is chosen ('' for none), the values
 *   that are ticked, or whether a clause is
 */

/**
 * @param {Question} question
 * @param {Given} given
 * @param {import('./text.js').Translate} t
 * @returns {{answer: Answer, problem: string | null}} problem: what to do about it, for the participant
 */
export function answerOf(question, given, t) {
  const { kind, required } = question;
  if (typeof given === 'boolean') {
    return { answer: given, problem: required && !given ? t('Please tick this to go on.') : null };
  }
  if (typeof given !== 'string') {
    return { answer: given, problem: required && given.length === 0 ? t('Please choose at least one answer.') : null };
  }
  const text = given.trim();
  if (text === '') return { answer: null, problem: required ? t('Please answer this question.') : null };
  if (kind === 'number') return numberOf(question, text, t);
  return { answer: kind === 'scale' ? Number(text) : text, problem: null };
}

/** Digits with at most one sign between them, which may be a comma. */
const NUMBER = /^([+\-−]?)(\d+)(?:([.,])(\d+))?$/;

/**
 * @param {Question} question
 * @param {string} text
 * @param {import('./text.js').Translate} t
 */
function numberOf({ min = null, max = null, step = null }, text, t) {
  const parts = NUMBER.exec(text.replace(/[\s\u00a0\u2009\u202f'’]/g, ''));
  if (!parts) return wrong(t('Please enter a number.'));
  const [, sign, whole, point, decimals = ''] = parts;
  // 1,000 is a thousand to some and one to others, and so is 1.000.
  if (point && decimals.length === 3 && /^[1-9]\d{0,2}$/.test(whole)) {
    return wrong(t('Please write the number without a sign between thousands.'));
  }
  const number = Number(`${sign ? (sign === '+' ? '' : '-') : ''}${whole}.${decimals || 0}`);
  if (min !== null && max !== null && (number < min || number > max)) {
    return wrong(t('Please enter a number from {low} to {high}.', { low: min, high: max }));
  }
  if (min !== null && number < min) return wrong(t('Please enter a number of at least {low}.', { low: min }));
  if (max !== null && number > max) return wrong(t('Please enter a number of at most {high}.', { high: max }));
  if (step !== null && !isStep(number - (min ?? 0), step)) {
    return wrong(
      step === 1 && Number.isInteger(min ?? 0)
        ? t('Please enter a whole number.')
        : t('Please enter a number in steps of {step}.', { step }),
    );
  }
  return { answer: number, problem: null };
}

/** @param {number} distance @param {number} step */
function isStep(distance, step) {
  const steps = distance / step;
  return Math.abs(steps - Math.round(steps)) <= Math.max(1e-6, 1e-9 * Math.abs(steps));
}

/** @param {string} problem @returns {{answer: Answer, problem: string}} */
const wrong = (problem) => ({ answer: null, problem });

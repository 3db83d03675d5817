// @ts-check
/** Asks the server until it answers; meanwhile the screen says what is in the way. */
import { find } from '../page.js';
import { ApiError, untilAnswered } from './api.js';
import { fillProblem, showScreen } from './screens.js';

/** @param {import('./text.js').Translate} t */
export function createAsking(t) {
  /**
   * The answer to a call that is repeated until there is one; null when it was refused, or is no longer wanted.
   * @template T
   * @param {() => Promise<T>} call
   * @param {() => boolean} wanted
   * @returns {Promise<T | null>}
   */
  return async function answerTo(call, wanted = () => true) {
    const line = find(document, 'main > section:not([hidden]) [data-waiting]');
    /** @param {ApiError} error */
    const tellTrouble = ({ status }) => {
      line.textContent = status
        ? t('The server is busy. We will keep trying.')
        : t('No connection. We will keep trying.');
    };
    try {
      return await untilAnswered(call, wanted, tellTrouble);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      fillProblem(showScreen('problem'), error, t);
      return null;
    } finally {
      line.textContent = line.dataset.waiting ?? '';
    }
  };
}

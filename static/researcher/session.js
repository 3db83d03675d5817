// @ts-check
/** A session's page: its trials beside all others, and the replay of the one that was chosen. */
import { wireQuestions } from './confirm.js';
import { mountStrips } from './quality.js';
import { mountReplay } from './replay-stage.js';

wireQuestions();

const main = document.querySelector('main');
if (document.querySelector('[data-strip]')) mountStrips(main?.dataset.api ?? '');

const replay = /** @type {HTMLElement | null} */ (document.querySelector('[data-replay]'));
if (replay) mountReplay(replay.dataset.replay ?? '');

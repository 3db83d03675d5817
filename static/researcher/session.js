// @ts-check
/** A session's page. */
import { wireQuestions } from './ask.js';

wireQuestions();

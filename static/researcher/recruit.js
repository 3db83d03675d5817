// @ts-check
/** The tab "Recruit": links are copied. */
import { bindCopying } from './copying.js';

bindCopying();

// @ts-check
/** The page of somebody who does not take part: the code can be copied, and the way back opens by itself. */
import { byId, find, given } from '../page.js';
import { fillWayBack } from '../task/screens.js';
import { createReturn } from '../task/returning.js';
import { stringsOf, translator } from '../task/text.js';

const t = translator(stringsOf(document));
const completion = JSON.parse(given(byId('completion').textContent));
const main = find(document, 'main');

fillWayBack(main, completion, t);
createReturn({ t }).begin(completion);

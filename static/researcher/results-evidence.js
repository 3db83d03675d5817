// @ts-check
/** How much the placements say about each pair of clips: as colours, and as a table of raters. */

import { find } from '../page.js';
import { make, simulatedMark, syncRows } from './elements.js';

/**
 * Evidence as a share of the colours: the darker half below the target, the paler half, in steps of equal ratio, above.
 * @param {number} value
 * @param {number} target
 * @param {number} most
 */
export function aboutTarget(value, target, most) {
  return value < target ? (0.5 * value) / target : 0.5 + (0.5 * Math.log(value / target)) / Math.log(most / target);
}

const sheet = find(document, '[data-evidence-table]', HTMLTableElement);
/** Whether sessions aim at an evidence for every pair. */
export const hasTarget = sheet.dataset.noTarget === undefined;

/** @param {import('./results.js').Rater[]} raters */
export function showEvidenceTable(raters) {
  syncRows(find(sheet, 'tbody'), raters, {
    key: (rater) => rater.session,
    text: (rater) => JSON.stringify(rater),
    row: ({ rater, simulated, trials, below_target: below, never_seen: never }) =>
      make(
        'tr',
        {},
        make('th', { scope: 'row' }, rater, simulated ? ' ' : null, simulated ? simulatedMark() : null),
        make('td', { class: 'number' }, trials),
        ...(hasTarget ? [make('td', { class: 'number' }, below ?? '–')] : []),
        make('td', { class: 'number' }, never ?? '–'),
      ),
  });
}

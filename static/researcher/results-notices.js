// @ts-check
/** What has to be read with a study's results: who is not in them, what was decided, which raters are simulated. */

import { make, part, simulatedMark } from './elements.js';
import { counted } from './words.js';

/** @typedef {import('./results.js').Results} Results */

/** @param {Results} results */
export function showWhyEmpty(results) {
  const problems = results.raters.filter((rater) => rater.problem);
  if (!problems.length) return;
  part('empty-text').textContent = `No trial can be used yet. ${problems[0].rater}: ${problems[0].problem}.`;
}

/** @param {Results} results */
export function showSimulated(results) {
  const simulated = results.raters.filter((rater) => rater.simulated).length;
  const box = part('simulated');
  box.hidden = simulated === 0;
  const all = simulated === results.raters.length;
  box.replaceChildren(
    simulatedMark(),
    all
      ? ' All raters here are simulated: nothing below was judged by a person.'
      : ` ${simulated} of ${results.raters.length} raters are simulated and in all figures below; untick “simulated raters” to leave them out.`,
  );
}

/**
 * Who is not in these figures although they did something.
 * @param {Results} results
 * @param {boolean} taken whether unfinished sessions are in
 */
export function showLeftOut(results, taken) {
  const count = results.unfinished;
  const box = part('left-out');
  box.hidden = count === 0;
  box.textContent = taken
    ? `${results.unfinished_sentence} below.`
    : `${results.unfinished_sentence}; tick “unfinished sessions” to see the figures with ${count === 1 ? 'it' : 'them'}.`;
}

/**
 * What somebody decided to leave out, and whether it is in these figures all the same; and which versions they pool.
 * @param {Results} results
 */
export function showDecided(results) {
  const { excluded_sentence: excluded, pooled_sentence: pooled } = results;
  part('excluded').hidden = excluded === null;
  part('excluded').textContent = excluded;
  part('pooled').hidden = pooled === null;
  part('pooled-text').textContent = pooled;
}

/**
 * What has to be known about the RDM that is shown: of one rater at once, of many raters behind a click.
 * @param {Results} results
 * @param {string} rater
 */
export function showNotes(results, rater) {
  const chosen = rater === 'group' ? results.raters : results.raters.filter((one) => one.rater === rater);
  const noted = chosen
    .map((one) => ({
      name: one.rater,
      sentences: [...(one.notes ?? []), ...(one.problem ? [`No RDM: ${one.problem}.`] : [])],
    }))
    .filter(({ sentences }) => sentences.length > 0);
  const list = make('ul', {}, ...noted.map(({ name, sentences }) => make('li', {}, `${name}: ${sentences.join(' ')}`)));
  const box = part('notes');
  box.hidden = noted.length === 0;
  box.replaceChildren(
    noted.length === 1
      ? list
      : make('details', {}, make('summary', {}, `Notes on the RDMs of ${counted(noted.length, 'rater')}`), list),
  );
}

// @ts-check
/** What has to be read with a study's results: who is not in them, what was decided, which raters are simulated. */

import { make, part, simulatedMark } from './elements.js';
import { GROUP } from './results-choice.js';
import { counted } from './words.js';

/**
 * @typedef {import('./results.js').Results} Results
 * @typedef {import('./results.js').Rdm} Rdm
 */

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
      : ` ${simulated} of ${results.raters.length} raters ${simulated === 1 ? 'is' : 'are'} simulated and in all figures below; untick “simulated raters” to leave them out.`,
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
  const chosen = rater === GROUP ? results.raters : results.raters.filter((one) => one.rater === rater);
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

/**
 * What the matrix holds: pairs that were seen, or predictions for the others too.
 * @param {Rdm} rdm
 * @param {string} rater
 */
export function pairsShown(rdm, rater) {
  const unit = '1 is the size of a typical dissimilarity (root mean square over the pairs seen).';
  if (!rdm.predicted.length) return unit;
  const pairs = `${rdm.predicted.length} of ${rdm.pairs} pairs`;
  const who = rater === GROUP ? 'nobody saw' : `${rater} never saw`;
  return rdm.completed
    ? `Completed by the model: ${pairs} are predicted, because ${who} them. They enter no figure of agreement. ${unit}`
    : `${pairs} are blank, because ${who} them; tick “predicted pairs” to see what the model predicts. ${unit}`;
}

/** @param {string} rater */
export function whose(rater) {
  return rater === GROUP ? 'of the group' : `of ${rater}`;
}

// @ts-check
/**
 * A study's results: what to show is in the page's address, so a view can be passed on; the figures follow the data.
 *
 * Over 300 lines: it ties the figures of one page together; each figure has a module of its own.
 */

import { showAgreement } from './agreement.js';
import { mountAgreementFigures } from './agreement-figures.js';
import { DISSIMILARITY, EVIDENCE } from './colour.js';
import { find } from '../page.js';
import { part } from './elements.js';
import { mountHeatmap } from './heatmap.js';
import { keepFresh, load, RequestError } from './live.js';
import { orderBy, range, studyOrder } from './pairs.js';
import {
  colour,
  completion,
  dimensions,
  field,
  fillOrders,
  fillRaters,
  form,
  query,
  readAddress,
  setChoice,
  setDownloads,
  writeAddress,
} from './results-choice.js';
import { aboutTarget, hasTarget, showEvidenceTable } from './results-evidence.js';
import {
  pairsShown,
  showDecided,
  showLeftOut,
  showNotes,
  showSimulated,
  showWhyEmpty,
  whose,
} from './results-notices.js';
import { drawMap, drawTree } from './results-structure.js';
import { showSets } from './sets.js';
import { mountStanding } from './work-state.js';
import { mountThumbs } from './rater-rdms.js';
import { mountUncertainty } from './uncertainty.js';
import { mountGroupEstimates } from './group_estimates.js';
import { number } from './words.js';

/**
 * @typedef {object} Rater
 * @property {string} rater
 * @property {string} session
 * @property {boolean} simulated
 * @property {string | null} problem why there is no RDM
 * @property {string[]} [notes]
 * @property {number} trials
 * @property {number | null} below_target pairs
 * @property {number | null} never_seen pairs
 *
 * @typedef {import('./map.js').Clip & {attributes: Record<string, string>}} Clip
 * @typedef {{version: string, raters: Rater[], clips: Clip[], target: number, unfinished: number,
 *   unfinished_sentence: string, excluded_sentence: string | null, pooled_sentence: string | null,
 *   ranks: Record<string, number[]>, query: string}} Results  target: evidence that the study wants for each pair; query:
 *   what they were asked for by
 * @typedef {import('./work-state.js').Standing} Standing
 *
 * @typedef {object} Rdm
 * @property {(number | null)[]} rdm condensed, as are the evidence and the raters of each pair
 * @property {number[]} evidence
 * @property {number[]} [n_raters]
 * @property {number[]} predicted pairs
 * @property {boolean} completed
 * @property {number[]} clusters the items in the order of their clusters
 * @property {number} pairs
 * @property {number} below_target
 * @property {number} never_seen
 */

const PAUSE = 5000;
/** Between two looks while there are no results yet. */
const WORKING_PAUSE = 700;

const page = find(document, 'main');
const rdmFigure = mountHeatmap(part('rdm'));
const evidenceFigure = mountHeatmap(part('evidence'));
const agreementFigures = mountAgreementFigures();
const uncertainty = mountUncertainty(page.dataset.api ?? '');
const groupEstimates = mountGroupEstimates(page.dataset.api ?? '');
const thumbs = mountThumbs(part('thumbs'), pick);
const showStanding = mountStanding(() => retry().catch(explain));

/**
 * The server's last answer about the raters.
 * @type {Results}
 */
let results = {
  version: '',
  raters: [],
  clips: [],
  target: 0,
  unfinished: 0,
  unfinished_sentence: '',
  excluded_sentence: null,
  pooled_sentence: null,
  ranks: {},
  query: '',
};
/**
 * RDMs, maps and trees that were loaded for it, by their addresses.
 * @type {Map<string, Promise<any>>}
 */
let loaded = new Map();
let turn = 0;

readAddress();
form.addEventListener('change', () => {
  writeAddress();
  refresh(true).catch(explain);
});
part('points').addEventListener('change', () => drawMap(wanted()).catch(explain));
dimensions.addEventListener('change', () => {
  setDownloads();
  drawMap(wanted()).catch(explain);
});
colour.addEventListener('change', () => {
  setDownloads();
  drawMap(wanted()).catch(explain);
  drawTree(wanted()).catch(explain);
});
part('width').addEventListener('change', setDownloads);
part('recruiter-ids').addEventListener('change', setDownloads);
setDownloads();
keepFresh(() => refresh(false), PAUSE);

/**
 * Ask for the results; while there are none yet, ask on and show how far the work is.
 * @param {boolean} chosen somebody chose other figures
 */
async function refresh(chosen) {
  turn += chosen ? 1 : 0;
  const mine = turn;
  if (setChoice !== null) part('sets').hidden = setChoice.value !== '';
  for (const one of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-of-one]')))
    one.hidden = setChoice?.value === '';
  if (setChoice?.value === '') {
    await showSideBySide(mine);
    return;
  }
  const asked = query();
  const ask = () => load(`${page.dataset.api}/results?${asked}&known=${results.version}`);
  let answer = await ask();
  while (answer.state === 'working' && isUnderWay(answer) && mine === turn && !document.hidden) {
    showStanding(answer);
    await new Promise((resolve) => setTimeout(resolve, WORKING_PAUSE));
    if (mine === turn) answer = await ask();
  }
  if (mine !== turn) return;
  showStanding(answer);
  if (answer.state === 'working') return;
  const isNew = answer.state !== 'unchanged';
  if (isNew) {
    results = { ...answer, query: asked };
    loaded = new Map();
  }
  if (isNew || chosen) await showResults();
}

/** @param {Standing} standing @returns {boolean} whether somebody computes, or will soon */
function isUnderWay({ update }) {
  return update !== null && update.state !== 'failed' && (update.state === 'computing' || update.worker === 'running');
}

/**
 * The agreement in each set of clips, again and again while sets are being computed.
 * @param {number} mine
 */
async function showSideBySide(mine) {
  for (const name of ['results', 'empty', 'simulated', 'left-out', 'excluded', 'problem']) part(name).hidden = true;
  part('downloads').hidden = false;
  setDownloads();
  let sets = await load(`${page.dataset.api}/results/sets?${query()}`);
  while (mine === turn) {
    const waits = sets.waiting > 0 && sets.worker !== 'running';
    /** @type {import('./work-state.js').Update} */
    const update = { state: 'waiting', done: 0, of: 0, reason: null, worker: sets.worker };
    showStanding({ computed_at: null, update: waits ? update : null });
    showSets(sets, (set) => {
      if (setChoice === null) return;
      setChoice.value = set;
      form.dispatchEvent(new Event('change'));
    });
    if (sets.waiting === 0 || document.hidden) return;
    await new Promise((resolve) => setTimeout(resolve, WORKING_PAUSE));
    if (mine === turn) sets = await load(`${page.dataset.api}/results/sets?${query()}`);
  }
}

async function retry() {
  const token = find(document, '[name="csrf_token"]', HTMLInputElement).value;
  await fetch(`${page.dataset.api}/results/retry?${query()}`, { method: 'POST', headers: { 'X-CSRFToken': token } });
  await refresh(true);
}

/** @param {unknown} error */
function explain(error) {
  const box = part('problem');
  box.textContent =
    error instanceof RequestError ? error.message : 'The server cannot be reached. The page tries again.';
  box.hidden = false;
}

async function showResults() {
  part('problem').hidden = true;
  fillRaters(results);
  fillOrders(results);
  showSimulated(results);
  showLeftOut(results, field.unfinished.checked);
  showDecided(results);
  const usable = results.raters.filter((rater) => !rater.problem);
  part('results').hidden = usable.length === 0;
  part('downloads').hidden = results.raters.length === 0;
  part('empty').hidden = usable.length > 0;
  for (const row of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-several-raters]')))
    row.hidden = usable.length < 2;
  if (usable.length === 0) {
    showWhyEmpty(results);
    return;
  }
  setDownloads();
  showEvidenceTable(results.raters);
  await showRater();
  const mine = turn;
  const agreement = await load(`${page.dataset.api}/results/agreement?${results.query}`);
  if (mine !== turn) return;
  showAgreement(part('agreement'), agreement);
  agreementFigures.show(agreement);
}

/** The figures of the RDM that is chosen. */
async function showRater() {
  const mine = turn;
  const rater = field.rater.value;
  const rdm = await rdmOf(rater);
  if (mine !== turn || rater !== field.rater.value) return;
  for (const title of document.querySelectorAll('[data-whose]')) title.textContent = whose(rater);
  const completed = rdm.completed && rdm.predicted.length > 0;
  for (const title of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-completed]'))) {
    title.hidden = !completed;
  }
  part('pairs-shown').textContent = pairsShown(rdm, rater);
  showNotes(results, rater);
  const order = orderOf(rdm);
  const target = results.target;
  /** @param {number} pair @returns {[string, string][]} */
  const facts = (pair) => {
    /** @type {[string, string][]} */
    const known = [
      ['Dissimilarity', number(rdm.rdm[pair])],
      ['Evidence', `${number(rdm.evidence[pair])}${hasTarget ? ` (target ${target})` : ''}`],
    ];
    const usable = results.raters.filter((one) => !one.problem).length;
    if (rdm.n_raters) known.push(['Raters', `${rdm.n_raters[pair]} of ${usable}`]);
    const error = uncertainty.of(pair);
    if (error !== null) known.push(['Standard error', number(error)]);
    if (rdm.predicted.includes(pair)) {
      known.push(['', completed ? 'predicted, never seen together' : 'never seen together']);
    }
    return known;
  };
  const missing = rdm.rdm.includes(null);
  rdmFigure.show({
    clips: results.clips,
    values: rdm.rdm,
    order,
    range: [0, range(rdm.rdm)?.[1] ?? 1],
    colours: DISSIMILARITY,
    ends: ['0 alike', `${number(range(rdm.rdm)?.[1] ?? null)} different`],
    anyMissing: missing,
    facts,
    label: `Dissimilarity matrix ${whose(rater)}${completed ? ', completed by the model' : ''}`,
  });
  const most = Math.max(2 * target, ...rdm.evidence);
  evidenceFigure.show({
    clips: results.clips,
    values: rdm.evidence.map((value) => (value > 0 ? aboutTarget(value, target, most) : null)),
    order,
    range: [0, 1],
    colours: EVIDENCE,
    ends: ['0', number(most, 1)],
    middle: hasTarget ? `target ${target}` : String(target),
    facts,
    anyMissing: rdm.never_seen > 0,
    label: `Evidence of pairs ${whose(rater)}`,
  });
  for (const name of /** @type {const} */ (['pairs', 'below_target', 'never_seen'])) {
    find(document, `[data-coverage] [data-figure="${name}"]`).textContent = String(rdm[name]);
  }
  thumbs.show({
    raters: results.raters,
    picked: rater,
    draw: async (name) => {
      const one = await rdmOf(name);
      return { values: one.rdm, order, range: [0, range(one.rdm)?.[1] ?? 1], colours: DISSIMILARITY };
    },
  });
  await drawMap(wanted());
  await drawTree(wanted());
  groupEstimates.show({ rater, clips: results.clips, order, query: results.query });
  await uncertainty.show({
    rater,
    clips: results.clips,
    order,
    facts,
    query: results.query,
    completion: completion(),
  });
}

/** @param {string} rater @returns {Promise<Rdm>} */
function rdmOf(rater) {
  return loadOnce(`rdms/${rater}`);
}

/**
 * Load what the page shows of these results, once for each state of the data.
 * @param {string} what its address below the results
 * @param {string} [more] what else is asked
 * @returns {Promise<any>}
 */
function loadOnce(what, more = '') {
  const address = `${page.dataset.api}/results/${what}?${results.query}${completion()}${more}`;
  const known = loaded.get(address);
  if (known) return known;
  const loading = load(address);
  loading.catch(() => loaded.delete(address));
  loaded.set(address, loading);
  return loading;
}

/** @returns {import('./results-structure.js').Wanted} the map and the tree that are chosen now */
function wanted() {
  const mine = turn;
  const rater = field.rater.value;
  const isWanted = () => mine === turn && rater === field.rater.value;
  return { clips: results.clips, rater, isWanted, load: loadOnce };
}

/** @param {Rdm} rdm */
function orderOf(rdm) {
  if (field.order.value === 'study') return studyOrder(results.clips.length);
  return orderBy(results.ranks[field.order.value], rdm.clusters);
}

/** @param {string} rater */
function pick(rater) {
  field.rater.value = rater;
  writeAddress();
  showRater().catch(explain);
  part('rdm').scrollIntoView({ block: 'nearest' });
}

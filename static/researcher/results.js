// @ts-check
/**
 * A study's results: what to show is in the page's address, so a view can be passed on; the figures follow the data.
 *
 * Over 300 lines: it ties the figures of one page together; each figure has a module of its own.
 */

import { showAgreement } from './agreement.js';
import { mountAgreementFigures } from './agreement-figures.js';
import { attributesToColour, coloursBy } from './attributes.js';
import { DISSIMILARITY, EVIDENCE } from './colour.js';
import { find } from '../page.js';
import { make, part, simulatedMark, syncRows } from './elements.js';
import { mountHeatmap } from './heatmap.js';
import { keepFresh, load, RequestError } from './live.js';
import { mountMap } from './map.js';
import { orderBy, range, studyOrder } from './pairs.js';
import { showDecided, showLeftOut, showNotes, showSimulated, showWhyEmpty } from './results-notices.js';
import { showSets } from './sets.js';
import { mountStanding } from './standing.js';
import { mountThumbs } from './thumbs.js';
import { showTree } from './tree.js';
import { mountUncertainty } from './uncertainty.js';
import { mountGroupEstimates } from './group_estimates.js';
import { fitOfMap, number } from './words.js';

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
 * @typedef {import('./standing.js').Standing} Standing
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
const GROUP = 'group';
/** With more clips than this, posters hide each other on the map. */
const MAX_POSTERS = 80;

/** @type {Record<string, string>} by the number of dimensions */
const MAP_HINTS = {
  2: 'Point at a clip to play it.',
  3: 'Point at a clip to play it; drag the ground beside the clips to turn the map.',
};

const page = find(document, 'main');
const form = part('choice', HTMLFormElement);
/** @param {string} name */
const select = (name) => find(form, `select[name=${name}]`, HTMLSelectElement);
/** @param {string} name */
const tick = (name) => find(form, `input[name=${name}]`, HTMLInputElement);
const field = {
  rater: select('rater'),
  method: select('method'),
  order: select('order'),
  excluded: select('excluded'),
  simulated: tick('simulated'),
  unfinished: tick('unfinished'),
  completed: tick('completed'),
};
/** The choice of a set of clips, where the study has several; without a set, all are shown side by side. */
const setChoice = /** @type {HTMLSelectElement | null} */ (form.querySelector('select[name=set]'));
const rdmFigure = mountHeatmap(part('rdm'));
const evidenceFigure = mountHeatmap(part('evidence'));
const dimensions = part('dims', HTMLSelectElement);
const mapFigure = mountMap(part('map'));
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
 * RDMs and maps that were loaded for it.
 * @type {Map<string, Promise<any>>}
 */
let loaded = new Map();
let turn = 0;

readAddress();
form.addEventListener('change', () => {
  writeAddress();
  refresh(true).catch(explain);
});
part('points').addEventListener('change', drawMap);
part('dims').addEventListener('change', () => {
  setDownloads();
  drawMap().catch(explain);
});
part('colour').addEventListener('change', () => {
  setDownloads();
  drawMap().catch(explain);
  drawTree().catch(explain);
});
part('width').addEventListener('change', setDownloads);
part('recruiter-ids').addEventListener('change', setDownloads);
setDownloads();
keepFresh(() => refresh(false), PAUSE);

/**
 * Ask how the results stand; while there are none yet, ask on and show how far the work is.
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
  let found = await ask();
  while (found.state === 'working' && isUnderWay(found) && mine === turn && !document.hidden) {
    showStanding(found);
    await new Promise((resolve) => setTimeout(resolve, WORKING_PAUSE));
    if (mine === turn) found = await ask();
  }
  if (mine !== turn) return;
  showStanding(found);
  if (found.state === 'working') return;
  const isNew = found.state !== 'unchanged';
  if (isNew) {
    results = { ...found, query: asked };
    loaded = new Map();
  }
  if (isNew || chosen) await showResults();
}

/** @param {Standing} found @returns {boolean} whether somebody computes, or will soon */
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
  let found = await load(`${page.dataset.api}/results/sets?${query()}`);
  while (mine === turn) {
    const waits = found.waiting > 0 && found.worker !== 'running';
    /** @type {import('./standing.js').Update} */
    const update = { state: 'waiting', done: 0, of: 0, reason: null, worker: found.worker };
    showStanding({ computed_at: null, update: waits ? update : null });
    showSets(found, (set) => {
      if (setChoice === null) return;
      setChoice.value = set;
      form.dispatchEvent(new Event('change'));
    });
    if (found.waiting === 0 || document.hidden) return;
    await new Promise((resolve) => setTimeout(resolve, WORKING_PAUSE));
    if (mine === turn) found = await load(`${page.dataset.api}/results/sets?${query()}`);
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
  fillRaters();
  fillOrders();
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
  showEvidenceTable();
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
  const found = await rdmOf(rater);
  if (mine !== turn || rater !== field.rater.value) return;
  for (const title of document.querySelectorAll('[data-whose]')) title.textContent = whose(rater);
  const completed = found.completed && found.predicted.length > 0;
  for (const title of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-completed]'))) {
    title.hidden = !completed;
  }
  part('pairs-shown').textContent = pairsShown(found, rater);
  showNotes(results, rater);
  const order = orderOf(found);
  const target = results.target;
  /** @param {number} pair @returns {[string, string][]} */
  const facts = (pair) => {
    /** @type {[string, string][]} */
    const known = [
      ['Dissimilarity', number(found.rdm[pair])],
      ['Evidence', `${number(found.evidence[pair])} (target ${target})`],
    ];
    const usable = results.raters.filter((one) => !one.problem).length;
    if (found.n_raters) known.push(['Raters', `${found.n_raters[pair]} of ${usable}`]);
    const error = uncertainty.of(pair);
    if (error !== null) known.push(['Standard error', number(error)]);
    if (found.predicted.includes(pair)) {
      known.push(['', completed ? 'predicted, never seen together' : 'never seen together']);
    }
    return known;
  };
  const missing = found.rdm.includes(null);
  rdmFigure.show({
    clips: results.clips,
    values: found.rdm,
    order,
    range: [0, range(found.rdm)?.[1] ?? 1],
    colours: DISSIMILARITY,
    ends: ['0 alike', `${number(range(found.rdm)?.[1] ?? null)} different`],
    anyMissing: missing,
    facts,
    label: `Dissimilarity matrix ${whose(rater)}${completed ? ', completed by the model' : ''}`,
  });
  const most = Math.max(2 * target, ...found.evidence);
  evidenceFigure.show({
    clips: results.clips,
    values: found.evidence.map((value) => (value > 0 ? aboutTarget(value, target, most) : null)),
    order,
    range: [0, 1],
    colours: EVIDENCE,
    ends: ['0', number(most, 1)],
    middle: `target ${target}`,
    facts,
    anyMissing: found.never_seen > 0,
    label: `Evidence of pairs ${whose(rater)}`,
  });
  for (const name of /** @type {const} */ (['pairs', 'below_target', 'never_seen'])) {
    find(document, `[data-coverage] [data-figure="${name}"]`).textContent = String(found[name]);
  }
  thumbs.show({
    raters: results.raters,
    picked: rater,
    draw: async (name) => {
      const one = await rdmOf(name);
      return { values: one.rdm, order, range: [0, range(one.rdm)?.[1] ?? 1], colours: DISSIMILARITY };
    },
  });
  await drawMap();
  await drawTree();
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

async function drawTree() {
  const mine = turn;
  const rater = field.rater.value;
  const key = `tree ${rater} ${field.completed.checked}`;
  if (!loaded.has(key))
    loaded.set(key, load(`${page.dataset.api}/results/trees/${rater}?${results.query}${completion()}`));
  /** @type {{problem: string | null} & import('./tree.js').Tree} */
  const tree = await loaded.get(key);
  if (mine !== turn || rater !== field.rater.value) return;
  part('tree').hidden = tree.problem !== null;
  part('no-tree').hidden = tree.problem === null;
  part('no-tree').textContent = tree.problem;
  if (tree.problem !== null) return;
  const { colours } = coloursBy(results.clips, find(part('colour'), 'select', HTMLSelectElement).value);
  showTree(part('tree'), tree, results.clips, colours);
}

async function drawMap() {
  const mine = turn;
  const rater = field.rater.value;
  const dims = dimensions.value;
  if (!results.clips.length) return;
  fillAttributes();
  const key = `map ${rater} ${field.completed.checked} ${dims}`;
  const isWanted = () => mine === turn && rater === field.rater.value && dims === dimensions.value;
  try {
    if (!loaded.has(key)) {
      loaded.set(key, load(`${page.dataset.api}/results/maps/${rater}?${results.query}${completion()}&dims=${dims}`));
      if (dims === '3') mapFigure.say('The map in 3 dimensions is being computed.');
    }
    const found = await loaded.get(key);
    if (!isWanted()) return;
    const { colours, legend } = coloursBy(results.clips, find(part('colour'), 'select', HTMLSelectElement).value);
    part('colour-legend').replaceChildren(...legend);
    mapFigure.show({
      clips: results.clips,
      positions: found.positions,
      points: part('points', HTMLInputElement).checked,
      colours,
      words: `Clips that are alike lie close together. Stress ${number(found.stress)} in ${dims} dimensions: ${fitOfMap(found.stress)}. ${MAP_HINTS[dims]}`,
    });
    part('map').hidden = false;
    part('no-map').hidden = true;
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    loaded.delete(key);
    if (!isWanted()) return;
    part('map').hidden = true;
    part('no-map').hidden = false;
    part('no-map').textContent = error.message;
  }
}

/** @param {string} rater @returns {Promise<Rdm>} loaded once for each state of the data */
function rdmOf(rater) {
  const key = `${rater} ${field.completed.checked}`;
  const known = loaded.get(key);
  if (known) return known;
  const loading = load(`${page.dataset.api}/results/rdms/${rater}?${results.query}${completion()}`);
  loading.catch(() => loaded.delete(key));
  loaded.set(key, loading);
  return loading;
}

/**
 * What the matrix holds: pairs that were seen, or predictions for the others too.
 * @param {Rdm} found
 * @param {string} rater
 */
function pairsShown(found, rater) {
  const unit = '1 is the size of a typical dissimilarity (root mean square over the pairs seen).';
  if (!found.predicted.length) return unit;
  const pairs = `${found.predicted.length} of ${found.pairs} pairs`;
  const who = rater === GROUP ? 'nobody saw' : `${rater} never saw`;
  return found.completed
    ? `Completed by the model: ${pairs} are predicted, because ${who} them. They enter no figure of agreement. ${unit}`
    : `${pairs} are blank, because ${who} them; tick “predicted pairs” to see what the model predicts. ${unit}`;
}

/** @param {Rdm} found */
function orderOf(found) {
  if (field.order.value === 'study') return studyOrder(results.clips.length);
  return orderBy(results.ranks[field.order.value], found.clusters);
}

/** @param {string} rater */
function whose(rater) {
  return rater === GROUP ? 'of the group' : `of ${rater}`;
}

/** @param {string} rater */
function pick(rater) {
  field.rater.value = rater;
  writeAddress();
  showRater().catch(explain);
  part('rdm').scrollIntoView({ block: 'nearest' });
}

/**
 * Evidence as a share of the colours: the darker half below the target, the paler half, in steps of equal ratio, above.
 * @param {number} value
 * @param {number} target
 * @param {number} most
 */
function aboutTarget(value, target, most) {
  return value < target ? (0.5 * value) / target : 0.5 + (0.5 * Math.log(value / target)) / Math.log(most / target);
}

function showEvidenceTable() {
  syncRows(find(document, '[data-evidence-table] tbody'), results.raters, {
    key: (rater) => rater.session,
    text: (rater) => JSON.stringify(rater),
    row: ({ rater, simulated, trials, below_target: below, never_seen: never }) =>
      make(
        'tr',
        {},
        make('th', { scope: 'row' }, rater, simulated ? ' ' : null, simulated ? simulatedMark() : null),
        make('td', { class: 'number' }, trials),
        make('td', { class: 'number' }, below ?? '–'),
        make('td', { class: 'number' }, never ?? '–'),
      ),
  });
}

function fillRaters() {
  const wanted = field.rater.dataset.wanted ?? field.rater.value;
  field.rater.replaceChildren(
    make('option', { value: GROUP }, 'the group'),
    ...results.raters
      .filter((rater) => !rater.problem)
      .map(({ rater, simulated }) => make('option', { value: rater }, simulated ? `${rater} (simulated)` : rater)),
  );
  field.rater.value = wanted;
  if (field.rater.selectedIndex < 0) field.rater.value = GROUP;
  delete field.rater.dataset.wanted;
}

/** The orders by an attribute that tells clips apart, and the one that the address asks for. */
function fillOrders() {
  const wanted = field.order.dataset.wanted ?? field.order.value;
  const names = Object.keys(results.ranks).filter((name) => new Set(results.ranks[name]).size > 1);
  for (const option of [...field.order.options].slice(2)) option.remove();
  field.order.append(...names.map((name) => make('option', { value: name }, `by ${name}`)));
  field.order.value = wanted;
  if (field.order.selectedIndex < 0) field.order.selectedIndex = 0;
  delete field.order.dataset.wanted;
}

function fillAttributes() {
  const label = part('colour');
  const select = find(label, 'select', HTMLSelectElement);
  const names = attributesToColour(results.clips);
  label.hidden = names.length === 0;
  if (select.options.length === names.length + 1) return;
  select.append(...names.map((name) => make('option', { value: name }, name)));
  part('points', HTMLInputElement).checked = results.clips.length > MAX_POSTERS;
}

/** What the server is asked for: the estimator and which raters are in. */
function query() {
  return new URLSearchParams({
    method: field.method.value,
    simulated: field.simulated.checked ? '1' : '0',
    unfinished: field.unfinished.checked ? '1' : '0',
    excluded: field.excluded.value,
    ...(setChoice?.value ? { set: setChoice.value } : {}),
  }).toString();
}

/** The part of a question that asks for the completed RDM. */
function completion() {
  return field.completed.checked ? '&completed=1' : '';
}

function setDownloads() {
  for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll('[data-download]'))) {
    const ids =
      part('recruiter-ids', HTMLInputElement).checked && link.pathname.endsWith('.zip') ? '&recruiter_ids=1' : '';
    link.search = `?${query()}${ids}${link.dataset.download === 'completed' ? '&completed=1' : ''}`;
  }
  const figure = new URLSearchParams({
    rater: field.rater.value,
    order: field.order.value,
    colour: find(part('colour'), 'select', HTMLSelectElement).value,
    dims: dimensions.value,
    width: part('width', HTMLSelectElement).value,
  });
  for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll('[data-figure-file]')))
    link.search = `?${query()}${completion()}&${figure}`;
}

function readAddress() {
  const given = new URLSearchParams(location.search);
  const method = given.get('method') ?? '';
  if ([...field.method.options].some((option) => option.value === method)) field.method.value = method;
  const order = given.get('order');
  // Addresses from before matrices could be ordered by an attribute.
  if (order !== null) field.order.dataset.wanted = order === 'clips' ? 'study' : order;
  field.simulated.checked = given.get('simulated') !== '0';
  field.unfinished.checked = given.get('unfinished') === '1';
  if (given.get('excluded') === '1') field.excluded.value = '1';
  const set = given.get('set') ?? '';
  if (setChoice !== null && [...setChoice.options].some((option) => option.value === set)) setChoice.value = set;
  field.completed.checked = given.get('completed') === '1';
  const rater = given.get('rater');
  if (rater !== null) field.rater.dataset.wanted = rater;
}

function writeAddress() {
  setDownloads();
  history.replaceState(
    null,
    '',
    `?${query()}${completion()}&order=${encodeURIComponent(field.order.value)}&rater=${field.rater.value}`,
  );
}

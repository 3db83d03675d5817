/** A study's results: what to show is in the page's address, so a view can be passed on; the figures follow the data. */

import { showAgreement } from './agreement.js';
import { attributesToColour, coloursBy } from './attributes.js';
import { DISSIMILARITY, EVIDENCE } from './colour.js';
import { make, part, simulatedMark, syncRows } from './elements.js';
import { mountHeatmap } from './heatmap.js';
import { keepFresh, load, RequestError } from './live.js';
import { mountMap } from './map.js';
import { range, studyOrder } from './pairs.js';
import { mountThumbs } from './thumbs.js';
import { counted, fitOfMap, number } from './words.js';

const PAUSE = 5000;
const GROUP = 'group';
/** With more clips than this, posters hide each other on the map. */
const MOST_POSTERS = 80;

const page = document.querySelector('main');
const form = part('choice');
const rdmFigure = mountHeatmap(part('rdm'));
const evidenceFigure = mountHeatmap(part('evidence'));
const mapFigure = mountMap(part('map'));
const thumbs = mountThumbs(part('thumbs'), pick);

/** The server's last answer about the raters, and what was loaded for it. */
let results = null;
let rdms = new Map();
let turn = 0;

readAddress();
form.addEventListener('change', () => {
  writeAddress();
  refresh(true).catch(explain);
});
part('points').addEventListener('change', drawMap);
part('colour').addEventListener('change', drawMap);
part('recruiter-ids').addEventListener('change', setDownloads);
setDownloads();
keepFresh(() => refresh(false), PAUSE);

/** Ask how the results stand; while the server is computing, ask on and show how far it is. */
async function refresh(chosen) {
  turn += chosen ? 1 : 0;
  const mine = turn;
  const ask = () => load(`${page.dataset.api}/results?${query()}&known=${results?.version ?? ''}`);
  let found = await ask();
  while (found.state === 'working' && mine === turn) {
    showWork(found);
    found = await ask();
  }
  if (mine !== turn) return;
  showWork(null);
  const isNew = found.state !== 'unchanged';
  if (isNew) {
    results = found;
    rdms = new Map();
  }
  if (isNew || chosen) await showResults();
}

function explain(error) {
  const box = part('problem');
  box.textContent =
    error instanceof RequestError ? error.message : 'The server cannot be reached. The page tries again.';
  box.hidden = false;
}

async function showResults() {
  part('problem').hidden = true;
  fillRaters();
  showSimulated();
  showLeftOut();
  const usable = results.raters.filter((rater) => !rater.problem);
  part('results').hidden = usable.length === 0;
  part('downloads').hidden = results.raters.length === 0;
  part('empty').hidden = usable.length > 0;
  if (usable.length === 0) {
    showWhyEmpty();
    return;
  }
  setDownloads();
  showEvidenceTable();
  await showRater();
  const mine = turn;
  const agreement = await load(`${page.dataset.api}/results/agreement?${query()}`);
  if (mine === turn) showAgreement(part('agreement'), agreement);
}

/** The figures of the RDM that is chosen. */
async function showRater() {
  const mine = turn;
  const rater = form.rater.value;
  const found = await rdmOf(rater);
  if (mine !== turn || rater !== form.rater.value) return;
  for (const title of document.querySelectorAll('[data-whose]')) title.textContent = whose(rater);
  const completed = found.completed && found.predicted.length > 0;
  for (const title of document.querySelectorAll('[data-completed]')) title.hidden = !completed;
  part('pairs-shown').textContent = pairsShown(found, rater);
  showNotes(rater);
  const order = orderOf(found);
  const target = results.target;
  const facts = (pair) => [
    ['Dissimilarity', number(found.rdm[pair])],
    ['Evidence', `${number(found.evidence[pair])} (target ${target})`],
    ...(found.n_raters
      ? [['Raters', `${found.n_raters[pair]} of ${results.raters.filter((one) => !one.problem).length}`]]
      : []),
    ...(found.predicted.includes(pair)
      ? [['', completed ? 'predicted, never seen together' : 'never seen together']]
      : []),
  ];
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
  for (const name of ['pairs', 'below_target', 'never_seen']) {
    document.querySelector(`[data-coverage] [data-figure="${name}"]`).textContent = found[name];
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
}

async function drawMap() {
  const mine = turn;
  const rater = form.rater.value;
  if (!results?.clips.length) return;
  fillAttributes();
  try {
    const key = `map ${rater} ${form.completed.checked}`;
    if (!rdms.has(key)) rdms.set(key, load(`${page.dataset.api}/results/maps/${rater}?${query()}${completion()}`));
    const found = await rdms.get(key);
    if (mine !== turn || rater !== form.rater.value) return;
    const { colours, legend } = coloursBy(results.clips, part('colour').querySelector('select').value);
    part('colour-legend').replaceChildren(...legend);
    mapFigure.show({
      clips: results.clips,
      positions: found.positions,
      points: part('points').checked,
      colours,
      words: `Clips that are alike lie close together. Stress ${number(found.stress)}: ${fitOfMap(found.stress)}. Point at a clip to play it.`,
    });
    part('map').hidden = false;
    part('no-map').hidden = true;
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    rdms.delete(`map ${rater} ${form.completed.checked}`);
    part('map').hidden = true;
    part('no-map').hidden = false;
    part('no-map').textContent = error.message;
  }
}

/** @returns {Promise<any>} loaded once for each state of the data */
function rdmOf(rater) {
  const key = `${rater} ${form.completed.checked}`;
  if (!rdms.has(key)) {
    const loading = load(`${page.dataset.api}/results/rdms/${rater}?${query()}${completion()}`);
    loading.catch(() => rdms.delete(key));
    rdms.set(key, loading);
  }
  return rdms.get(key);
}

/** What the matrix holds: pairs that were seen, or predictions for the others too. */
function pairsShown(found, rater) {
  const unit = '1 is the size of a typical dissimilarity (root mean square over the pairs seen).';
  if (!found.predicted.length) return unit;
  const pairs = `${found.predicted.length} of ${found.pairs} pairs`;
  const who = rater === GROUP ? 'nobody saw' : `${rater} never saw`;
  return found.completed
    ? `Completed by the model: ${pairs} are predicted, because ${who} them. They enter no figure of agreement. ${unit}`
    : `${pairs} are blank, because ${who} them; tick “predicted pairs” to see what the model predicts. ${unit}`;
}

function orderOf(found) {
  return form.order.value === 'clusters' ? found.clusters : studyOrder(results.clips.length);
}

function whose(rater) {
  return rater === GROUP ? 'of the group' : `of ${rater}`;
}

function pick(rater) {
  form.rater.value = rater;
  writeAddress();
  showRater().catch(explain);
  part('rdm').scrollIntoView({ block: 'nearest' });
}

function showWork(found) {
  part('working').hidden = found === null;
  if (!found) return;
  document.getElementById('work').value = found.of ? found.done / found.of : 0;
  part('work-text').textContent = `${found.done} of ${counted(found.of, 'rater')}`;
}

function showWhyEmpty() {
  const problems = results.raters.filter((rater) => rater.problem);
  if (!problems.length) return;
  part('empty-text').textContent = `No trial can be used yet. ${problems[0].rater}: ${problems[0].problem}.`;
}

function showSimulated() {
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

/** Who is not in these figures although they did something. */
function showLeftOut() {
  const count = results.unfinished;
  const box = part('left-out');
  box.hidden = count === 0;
  box.textContent = form.unfinished.checked
    ? `${results.unfinished_sentence} below.`
    : `${results.unfinished_sentence}; tick “unfinished sessions” to see the figures with ${count === 1 ? 'it' : 'them'}.`;
}

/** What has to be known about the RDM that is shown: of one rater at once, of many raters behind a click. */
function showNotes(rater) {
  const chosen = rater === GROUP ? results.raters : results.raters.filter((one) => one.rater === rater);
  const noted = chosen
    .map((one) => [one.rater, [...(one.notes ?? []), ...(one.problem ? [`No RDM: ${one.problem}.`] : [])]])
    .filter(([, sentences]) => sentences.length > 0);
  const list = make('ul', {}, ...noted.map(([name, sentences]) => make('li', {}, `${name}: ${sentences.join(' ')}`)));
  const box = part('notes');
  box.hidden = noted.length === 0;
  box.replaceChildren(
    noted.length === 1
      ? list
      : make('details', {}, make('summary', {}, `Notes on the RDMs of ${counted(noted.length, 'rater')}`), list),
  );
}

/** Evidence as a share of the colours: the darker half below the target, the paler half, in steps of equal ratio, above. */
function aboutTarget(value, target, most) {
  return value < target ? (0.5 * value) / target : 0.5 + (0.5 * Math.log(value / target)) / Math.log(most / target);
}

function showEvidenceTable() {
  syncRows(document.querySelector('[data-evidence-table] tbody'), results.raters, {
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
  const wanted = form.rater.dataset.wanted ?? form.rater.value;
  form.rater.replaceChildren(
    make('option', { value: GROUP }, 'the group'),
    ...results.raters
      .filter((rater) => !rater.problem)
      .map(({ rater, simulated }) => make('option', { value: rater }, simulated ? `${rater} (simulated)` : rater)),
  );
  form.rater.value = wanted;
  if (form.rater.selectedIndex < 0) form.rater.value = GROUP;
  delete form.rater.dataset.wanted;
}

function fillAttributes() {
  const label = part('colour');
  const select = label.querySelector('select');
  const names = attributesToColour(results.clips);
  label.hidden = names.length === 0;
  if (select.options.length === names.length + 1) return;
  select.append(...names.map((name) => make('option', { value: name }, name)));
  part('points').checked = results.clips.length > MOST_POSTERS;
}

/** What the server is asked for: the estimator and which raters are in. */
function query() {
  return new URLSearchParams({
    method: form.method.value,
    simulated: form.simulated.checked ? '1' : '0',
    unfinished: form.unfinished.checked ? '1' : '0',
  }).toString();
}

/** The part of a question that asks for the completed RDM. */
function completion() {
  return form.completed.checked ? '&completed=1' : '';
}

function setDownloads() {
  for (const link of document.querySelectorAll('[data-download]')) {
    const ids = part('recruiter-ids').checked && link.pathname.endsWith('.zip') ? '&recruiter_ids=1' : '';
    link.search = `?${query()}${ids}${link.dataset.download === 'completed' ? '&completed=1' : ''}`;
  }
}

function readAddress() {
  const given = new URLSearchParams(location.search);
  if ([...form.method.options].some((option) => option.value === given.get('method')))
    form.method.value = given.get('method');
  if (given.get('order') === 'clips') form.order.value = 'clips';
  form.simulated.checked = given.get('simulated') !== '0';
  form.unfinished.checked = given.get('unfinished') === '1';
  form.completed.checked = given.get('completed') === '1';
  if (given.has('rater')) form.rater.dataset.wanted = given.get('rater');
}

function writeAddress() {
  setDownloads();
  history.replaceState(null, '', `?${query()}${completion()}&order=${form.order.value}&rater=${form.rater.value}`);
}

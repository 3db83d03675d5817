// @ts-check
/** The page "Models": what was compared last, the models that are kept, and the forms that add and compare them.
 *
 * Over 300 lines: one function for each part of one page. */

import { byId, find } from '../page.js';
import { pauseBefore } from '../task/backoff.js';
import { ask } from './confirm.js';
import { showDots } from './interval-plot.js';
import { make, part, syncRows } from './elements.js';
import { keepFresh, load, RequestError } from './live.js';
import { downloads, figure, number, range, written } from './model_figures.js';
import { askedParts, offerBlocks, partCards } from './model_parts.js';
import { setCards } from './model_sets.js';
import { sendInPieces } from './import-upload.js';
import { chooseOnRequest, offerModels } from './tell_apart.js';
import { day, megabytes, moment } from './words.js';

/**
 * @typedef {{model: string, source: string, kind: string, layer: number | null, score: number, low: number | null,
 *   high: number | null, p_above_zero: number | null, p_below_ceiling: number | null, below_best: number,
 *   p_below_best: number | null}} Score
 * @typedef {{source: string, layers: string[], best: string, first: string, last: string, not_worse: string[]}} Profile
 * @typedef {{attribute: string, groups: string, n_clips: number, effect: number, low: number | null, high: number | null,
 *   p: number, p_max: number}} Effect
 * @typedef {{n_raters: number, n_clips: number, label: string, level: number, ceiling_low: number | null, n_permutations: number,
 *   ceiling_high: number | null, scores: Score[], profiles: Profile[], effects: Effect[], remarks: string[], methods: string[],
 *   parts: import('./model_parts.js').Parts, is_joint: boolean, in_sets: import('./model_sets.js').Sets, tables: string[]}} Findings
 * @typedef {{number: number, name: string, kind: string, models: string[], file_name: string, added_at: string,
 *   remarks: string[], problem: string | null}} Kept
 * @typedef {{models: Kept[], attributes: number, blocks: import('./model_parts.js').Blocks,
 *   asked: import('./model_parts.js').Asked, computed_at: string | null, changes: string[], findings: Findings | null,
 *   work: {state: string, done: number, step: string, reason: string | null, worker: string} | null}} Answer
 */

const PAUSE = 1500;
// A figure of more models cannot be read; the table has them all.
const MAX_DRAWN = 40;
const SIGNIFICANT = 0.05;
const UNREACHED = 'The server cannot be reached. Please try again.';
const KINDS = /** @type {Record<string, string>} */ ({ attribute: 'attribute', rating: 'mean rating' });
const address = `${find(document, 'main', HTMLElement).dataset.api}/models`;
const mayEdit = document.querySelector('[data-add]') !== null;
let shown = '';

/** @param {number | null} p */
const isFound = (p) => p !== null && p < SIGNIFICANT;

/** @param {Answer} answer */
function show(answer) {
  const { work, findings } = answer;
  const stands = work !== null && work.state === 'waiting' && work.worker !== 'running';
  part('working').hidden = work === null || work.state === 'failed' || stands;
  part('no-worker').hidden = !stands;
  part('failed').hidden = work?.state !== 'failed';
  if (work !== null) {
    byId('work', HTMLProgressElement).value = work.done;
    part('work-text').textContent = work.step || 'waiting to begin';
    part('failed').textContent = `The models could not be compared: ${work.reason}.`;
  }
  part('changed').hidden = !answer.changes.length || work !== null;
  find(part('changed'), 'ul', HTMLElement).replaceChildren(...answer.changes.map((change) => make('li', {}, change)));
  part('nothing').hidden = findings !== null || work !== null;
  part('what-to-do').textContent = whatToDo(answer);
  part('findings').hidden = findings === null;
  if (findings !== null && shown !== answer.computed_at) {
    showFindings(findings);
    shown = answer.computed_at ?? '';
  }
  part('age').textContent = answer.computed_at ? `Computed from the data of ${moment(answer.computed_at)}.` : '';
  showKept(answer);
  if (mayEdit) {
    offerBlocks(part('compare', HTMLFormElement), answer.blocks, answer.asked);
    offerModels(answer.blocks);
  }
}

/** @param {Answer} answer */
function whatToDo({ models, attributes }) {
  if (!mayEdit) return 'An editor of this study can add models below and compare them with the raters.';
  if (models.length) return 'Press “Compare” below.';
  if (attributes)
    return 'Press “Compare” to see what the clips’ attributes explain, or add models first: both are below.';
  return 'Add a file of model RDMs or of a network’s activations below, or give the clips attributes on the page “Clips”.';
}

/** @param {Findings} findings */
function showFindings(findings) {
  const { scores, effects, n_clips: clips, label } = findings;
  const remarks = [...findings.remarks, ...findings.in_sets.remarks, ...findings.parts.remarks];
  const similarity = similarityAxis(findings);
  part('remarks-box').hidden = !remarks.length;
  part('remarks').replaceChildren(...remarks.map((remark) => make('li', {}, remark)));
  const best = [...scores].sort((one, other) => other.score - one.score);
  part('scores-card').hidden = !scores.length;
  if (scores.length) {
    const drawn = best.slice(0, MAX_DRAWN);
    const which = drawn.length < best.length ? `The best ${drawn.length} of ${best.length} models` : 'The models';
    part('scores-caption').textContent =
      `${which}, by their similarity (${label}) to ${whose(findings)} over ${clips} clips, with 95 % intervals over raters and clips. ` +
      `${ceiling(findings)}Filled dots: above 0 (p < .05, adjusted over models).`;
    showDots(part('scores-figure'), drawn.map(dot), {
      axis: similarity,
      label: 'Scores of the models with their intervals. The table below has the numbers.',
      band: band(findings),
      ends: [-1, 1],
    });
  }
  part('comparator').textContent = label;
  find(part('scores'), 'tbody', HTMLElement).replaceChildren(...best.map((one) => scoreRow(one, one === best[0])));
  part('profiles').replaceChildren(
    ...findings.profiles.map((profile, place) => profileCard(findings, profile, place + 1)),
  );
  part('effects-card').hidden = !effects.length;
  if (effects.length) {
    part('effects-caption').textContent =
      `How much further apart clips are that differ in an attribute than clips that share it, in standard deviations, ${findings.is_joint ? 'in' : 'mean over'} ${whose(findings)} ` +
      `with 95 % intervals over raters. Filled dots: p < .05 over ${findings.n_permutations} permutations of the clips’ values, against the largest of all attributes.`;
    const dots = effects.map((one) => ({ ...one, name: one.attribute, value: one.effect, filled: isFound(one.p_max) }));
    showDots(part('effects-figure'), dots, {
      axis: 'between less within (sd)',
      label: 'Effects of the attributes with their intervals. The table below has the numbers.',
      band: null,
      ends: null,
    });
  }
  find(part('effects'), 'tbody', HTMLElement).replaceChildren(...effects.map(effectRow));
  part('parts').replaceChildren(
    ...setCards(findings.in_sets, label),
    ...partCards(findings.parts, label, findings.is_joint),
  );
  part('methods').textContent = findings.methods.join(' ');
  for (const link of part('tables').querySelectorAll('a')) {
    link.hidden = !findings.tables.includes(link.dataset.table ?? '');
  }
  for (const links of document.querySelectorAll('[data-figure-links]')) {
    if (links instanceof HTMLElement) links.replaceChildren(...downloads(links.dataset.figureLinks ?? ''));
  }
}

/** What models are compared with. @param {Findings} findings */
function whose({ n_raters: raters, is_joint: isJoint }) {
  const many = `${raters} ${raters === 1 ? 'rater' : 'raters'}`;
  return isJoint ? `the RDM of all trials of ${many}` : many;
}

/** @param {Findings} findings */
const similarityAxis = ({ is_joint: isJoint, label }) =>
  `similarity to ${isJoint ? 'the RDM of all trials' : 'raters'} (${label})`;

/** @param {Score} one */
const dot = (one) => ({
  name: one.model,
  value: one.score,
  low: one.low,
  high: one.high,
  filled: isFound(one.p_above_zero),
});

/** @param {Findings} findings */
function band({ ceiling_low: low, ceiling_high: high }) {
  return low === null || high === null ? null : { low, high };
}

/** @param {Findings} findings */
function ceiling(findings) {
  const ends = band(findings);
  return ends ? `Grey: the noise ceiling, ${figure(ends.low)} to ${figure(ends.high)}. ` : '';
}

/** @param {Score} one @param {boolean} isBest */
function scoreRow(one, isBest) {
  const from = KINDS[one.kind] ?? one.source;
  const cells = [
    figure(one.score),
    range(one),
    written(one.p_above_zero),
    written(one.p_below_ceiling),
    isBest ? '–' : figure(one.below_best),
    written(one.p_below_best),
  ];
  return make('tr', {}, make('th', { scope: 'row' }, one.model), make('td', {}, from), ...cells.map(number));
}

/** @param {Effect} one */
function effectRow(one) {
  const cells = [one.n_clips, figure(one.effect, 2), range(one, 2), written(one.p), written(one.p_max)];
  return make('tr', {}, make('th', { scope: 'row' }, one.attribute), make('td', {}, one.groups), ...cells.map(number));
}

/** @param {Findings} findings @param {Profile} profile @param {number} place */
function profileCard(findings, profile, place) {
  const [first, last] = [profile.layers.indexOf(profile.first), profile.layers.indexOf(profile.last)];
  const scores = new Map(findings.scores.map((one) => [one.model, one]));
  const dots = profile.layers.flatMap((layer, at) => {
    const one = scores.get(layer);
    const short = layer.replace(`${profile.source}: `, '');
    return one ? [{ ...dot(one), name: short, best: layer === profile.best, within: first <= at && at <= last }] : [];
  });
  const chart = make('div');
  const title = `profile-${place}`;
  const others = profile.not_worse.length - 1;
  showDots(chart, dots, {
    axis: similarityAxis(findings),
    label: `Layers of ${profile.source} with their intervals. The table of models has the numbers.`,
    band: band(findings),
    ends: [-1, 1],
  });
  const where = first === last ? `is ${profile.first}` : `lies between ${profile.first} and ${profile.last}`;
  return make(
    'section',
    { class: 'card figure', 'aria-labelledby': title },
    make('h2', { id: title }, `Layers of ${profile.source}`),
    make(
      'p',
      {},
      `Best layer: ${profile.best}. In 95 % of the bootstrap samples the best ${where} (green). ` +
        `${others === 1 ? '1 other layer is' : `${others} other layers are`} not significantly below it. ${ceiling(findings)}`,
    ),
    chart,
    make('p', { class: 'hint' }, ...downloads(`layers-${place}`)),
  );
}

/** @param {Answer} answer */
function showKept({ models, attributes }) {
  part('kept-box').hidden = !models.length;
  part('none').hidden = models.length > 0;
  part('attributes').textContent = attributes
    ? `The clips’ ${attributes === 1 ? 'attribute is' : `${attributes} attributes (ratings included) are`} compared too.`
    : 'The clips have no attributes; those of the page “Clips” and ratings would be compared too.';
  syncRows(find(part('kept'), 'tbody', HTMLElement), models, {
    key: (one) => String(one.number),
    text: (one) => JSON.stringify(one),
    row: keptRow,
  });
}

/** @param {Kept} one */
function keptRow(one) {
  const many = one.models.length;
  const what =
    one.kind === 'layers'
      ? `${many} ${many === 1 ? 'layer' : 'layers'} of a network`
      : `${many} model ${many === 1 ? 'RDM' : 'RDMs'}`;
  const button = make('button', { type: 'button', class: 'quiet', 'aria-label': `Remove ${one.name}` }, 'Remove');
  button.addEventListener('click', () =>
    ask(`Remove ${one.name} (${what}) from this study? The file on your computer stays.`, 'Remove', () =>
      remove(one.number),
    ),
  );
  return make(
    'tr',
    {},
    make('th', { scope: 'row' }, one.name),
    make(
      'td',
      {},
      what,
      one.problem ? make('p', { class: 'problem' }, one.problem) : null,
      ...one.remarks.map((remark) => make('p', { class: 'hint' }, remark)),
    ),
    make('td', {}, one.file_name),
    make('td', {}, day(one.added_at)),
    make('td', {}, mayEdit ? button : null),
  );
}

/**
 * @param {string} path
 * @param {string} method
 * @param {BodyInit | null} body
 * @param {HTMLElement} problem where the server's reason is shown
 * @returns {Promise<number>} the answer's status, 0 where none came
 */
async function send(path, method, body, problem) {
  const token = find(document, '[name="csrf_token"]', HTMLInputElement).value;
  problem.textContent = '';
  try {
    const headers = { Accept: 'application/json', 'Content-Type': 'application/octet-stream', 'X-CSRFToken': token };
    const answer = await fetch(`${address}${path}`, { method, headers, body });
    const reply = await answer.json().catch(() => null);
    if (!answer.ok) problem.textContent = reply?.error?.message ?? `The server answered ${answer.status}.`;
    show(await load(address));
    return answer.status;
  } catch {
    problem.textContent = UNREACHED;
    return 0;
  }
}

/** The large files that the server has, by the ids under which it has them. @type {WeakMap<File, string>} */
const sent = new WeakMap();

/** Send a file, a large one in pieces first, and keep its models. @param {File} file */
async function addFile(file) {
  const add = part('add', HTMLFormElement);
  const [problem, progress] = [part('add-problem'), part('add-progress')];
  const { largest, atOnce } = add.dataset;
  problem.textContent = '';
  if (file.size > Number(largest)) {
    problem.textContent =
      `${file.name} has ${megabytes(file.size)}, and ${megabytes(Number(largest))} can be sent here: ` +
      'add it by the command above, or save fewer units of each layer.';
    return false;
  }
  const query = new URLSearchParams({
    file: file.name,
    distance: byId('model-distance', HTMLSelectElement).value,
    frames: byId('model-frames', HTMLSelectElement).value,
  });
  let body = /** @type {File | null} */ (file);
  if (file.size > Number(atOnce)) {
    try {
      const batch =
        sent.get(file) ??
        (await sendInPieces(file, file.name, {
          token: find(add, '[name="csrf_token"]', HTMLInputElement).value,
          onSent: (sent) => {
            progress.textContent = `Sending ${file.name}, ${Math.floor((100 * sent) / file.size)} %`;
          },
          wait: (failures) => new Promise((resolve) => setTimeout(resolve, pauseBefore(failures))),
        }));
      sent.set(file, batch);
      query.set('batch', batch);
      body = null;
    } catch (error) {
      problem.textContent = error instanceof RequestError ? error.message : UNREACHED;
      return false;
    }
  }
  progress.textContent = `Reading ${file.name} …`;
  const status = await send(`?${query}`, 'POST', body, problem);
  if (status === 404) sent.delete(file);
  if (status !== 201) {
    if (sent.has(file))
      problem.textContent += ' The file is on the server: what you add with other settings need not be sent again.';
    return false;
  }
  byId('model-file', HTMLInputElement).value = '';
  return true;
}

/** @param {number} which */
const remove = (which) => send(`/${which}`, 'DELETE', null, part('add-problem'));

if (mayEdit) {
  const add = part('add', HTMLFormElement);
  add.addEventListener('submit', async (event) => {
    event.preventDefault();
    const input = byId('model-file', HTMLInputElement);
    const button = find(add, '[type="submit"]', HTMLButtonElement);
    button.disabled = true;
    for (const file of input.files ?? []) if (!(await addFile(file))) break;
    button.disabled = false;
    part('add-progress').textContent = '';
  });
  chooseOnRequest(address);
  const compare = part('compare', HTMLFormElement);
  compare.addEventListener('submit', (event) => {
    event.preventDefault();
    const settings = {
      comparator: byId('model-comparator', HTMLSelectElement).value,
      with_simulated: find(compare, '[name="with_simulated"]', HTMLInputElement).checked,
      with_unfinished: find(compare, '[name="with_unfinished"]', HTMLInputElement).checked,
      ...askedParts(compare),
    };
    send('/compare', 'POST', JSON.stringify({ settings }), part('compare-problem'));
  });
  add.inert = compare.inert = false;
}

keepFresh(async () => show(await load(address)), PAUSE);

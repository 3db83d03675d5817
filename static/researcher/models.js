// @ts-check
/** The page "Models": the state of the work, the models that are kept, and the forms that add and compare them. */

import { byId, find } from '../page.js';
import { pauseBefore } from '../task/backoff.js';
import { ask } from './confirm.js';
import { make, part, syncRows } from './elements.js';
import { keepFresh, load, RequestError } from './live.js';
import { showFindings } from './model_findings.js';
import { askedParts, offerBlocks } from './model_parts.js';
import { sendInPieces } from './import-upload.js';
import { chooseOnRequest, offerModels } from './tell_apart.js';
import { day, megabytes, moment } from './words.js';

/**
 * @typedef {import('./model_findings.js').Findings} Findings
 * @typedef {{number: number, name: string, kind: string, models: string[], file_name: string, added_at: string,
 *   remarks: string[], problem: string | null}} Kept
 * @typedef {{models: Kept[], attributes: number, blocks: import('./model_parts.js').Blocks,
 *   asked: import('./model_parts.js').Asked, computed_at: string | null, changes: string[], findings: Findings | null,
 *   work: {state: string, done: number, step: string, reason: string | null, worker: string} | null}} Answer
 */

const PAUSE = 1500;
const UNREACHED = 'The server cannot be reached. Please try again.';
const address = `${find(document, 'main', HTMLElement).dataset.api}/models`;
const mayEdit = document.querySelector('[data-add]') !== null;
let shown = '';

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
    if (sent.has(file)) {
      const reason = problem.textContent.replace(/[.]?$/, '.');
      problem.textContent = `${reason} The file is on the server: to have it read with other settings, press Add again.`;
    }
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

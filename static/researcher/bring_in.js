// @ts-check
/** The page on which data are brought in: files go to the server in pieces, what they hold is shown, and is stored. */

import { byId, find } from '../page.js';
import { filesOfChoice, filesOfDrop } from './dropped-files.js';
import { RequestError } from './live.js';

/** @typedef {import('./dropped-files.js').Named} Named */
/** @typedef {{id: string, files: string[], piece: number}} Batch */
/**
 * @typedef {object} Found
 * @property {string} kind
 * @property {string} name a free one
 * @property {number} raters
 * @property {string[]} first_raters
 * @property {number} clips
 * @property {string[]} first_clips
 * @property {number} trials
 * @property {number} rdms
 * @property {number} ratings
 * @property {number} answers
 * @property {string[]} remarks
 */
/** @typedef {{columns: string[], placements: string[], pairs: string[]}} Table */

const API = '/api/v1/imports';
const drop = find(document, '[data-drop]', HTMLElement);
const chosen = byId('files', HTMLInputElement);
const token = find(document, '[name="csrf_token"]', HTMLInputElement).value;
const progress = find(document, '[data-progress]', HTMLElement);
const problem = find(document, '[data-problem]', HTMLElement);
const foundCard = find(document, '[data-found]', HTMLElement);
const hints = find(document, '[data-hints]', HTMLDetailsElement);
const mapping = find(document, '[data-mapping]', HTMLElement);
const tableKind = byId('table-kind', HTMLSelectElement);
const nameField = byId('name', HTMLInputElement);

/** @type {Batch | null} */
let batch = null;
/** @type {Table | null} */
let table = null;

drop.addEventListener('dragover', (event) => {
  event.preventDefault();
  drop.classList.add('over');
});
drop.addEventListener('dragleave', () => drop.classList.remove('over'));
drop.addEventListener('drop', async (event) => {
  event.preventDefault();
  drop.classList.remove('over');
  if (event.dataTransfer) take(await filesOfDrop(event.dataTransfer));
});
chosen.addEventListener('change', () => {
  take(filesOfChoice([...(chosen.files ?? [])]));
  chosen.value = '';
});
find(document, '[data-hint-form]', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  attempt(look);
});
find(document, '[data-store]', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  attempt(make);
});
tableKind.addEventListener('change', showMapping);

/** @param {Named[]} files */
function take(files) {
  if (files.length) attempt(() => send(files));
}

/**
 * One thing at a time; what goes wrong is said.
 * @param {() => Promise<void>} act
 */
async function attempt(act) {
  problem.hidden = true;
  drop.inert = true;
  try {
    await act();
  } catch (error) {
    tell(error instanceof RequestError ? error.message : 'The server cannot be reached. Nothing is lost: try again.');
  } finally {
    drop.inert = false;
    progress.hidden = true;
  }
}

/** @param {string} sentence */
function tell(sentence) {
  problem.textContent = sentence;
  problem.hidden = false;
}

/** @param {string} sentence */
function say(sentence) {
  progress.textContent = sentence;
  progress.hidden = false;
}

/**
 * @param {string} method @param {string} address @param {BodyInit} [body]
 * @returns {Promise<any>}
 */
async function call(method, address, body) {
  const answer = await fetch(address, { method, body, headers: { 'X-CSRFToken': token, Accept: 'application/json' } });
  const told = await answer.json().catch(() => null);
  if (!answer.ok)
    throw new RequestError(answer.status, told?.error?.message ?? `The server answered ${answer.status}.`);
  return told;
}

/** @param {Named[]} files */
async function send(files) {
  foundCard.hidden = true;
  hints.hidden = true;
  table = null;
  const names = files.map(({ name }) => name.split('/').at(-1));
  /** @type {Batch} */
  const begun = await call('POST', API, JSON.stringify({ names }));
  for (const [number, { file, name }] of files.entries()) {
    let here = 0;
    do {
      say(`Sending ${name} (${number + 1} of ${files.length}), ${Math.round((100 * here) / Math.max(file.size, 1))} %`);
      const piece = file.slice(here, here + begun.piece);
      here = (await call('PUT', `${begun.files[number]}?offset=${here}`, piece)).here;
    } while (here < file.size);
  }
  batch = begun;
  await look();
}

async function look() {
  if (!batch) return;
  say('Reading …');
  const answer = await call('POST', `${API}/${batch.id}/preview`, JSON.stringify(said()));
  if (answer.table && !table) {
    table = answer.table;
    showMapping();
  }
  find(document, '[data-columns]', HTMLElement).hidden = !table;
  hints.hidden = false;
  foundCard.hidden = !answer.found;
  if (answer.found) showFound(answer.found);
  else {
    tell(answer.problem);
    hints.open = true;
  }
}

async function make() {
  if (!batch) return;
  say('Storing …');
  const body = JSON.stringify({ ...said(), name: nameField.value.trim() });
  location.assign((await call('POST', `${API}/${batch.id}/study`, body)).url);
}

/** What the form says of the files, as the server takes it. */
function said() {
  /** @type {Record<string, string>} */
  const columns = {};
  for (const select of mapping.querySelectorAll('select')) if (select.value) columns[select.name] = select.value;
  /** @type {Record<string, string>} */
  const given = {};
  for (const input of document.querySelectorAll('[data-hint]')) {
    const { value } = /** @type {HTMLInputElement | HTMLSelectElement} */ (input);
    if (value.trim()) given[/** @type {HTMLElement} */ (input).dataset.hint ?? ''] = value.trim();
  }
  const switches = [...document.querySelectorAll('[data-switch]')]
    .filter((box) => /** @type {HTMLInputElement} */ (box).checked)
    .map((box) => /** @type {HTMLElement} */ (box).dataset.switch);
  return { columns, hints: given, switches, item_names: byId('item-names', HTMLTextAreaElement).value };
}

/** A choice of the table's columns for each of ours; those that are called alike need none. */
function showMapping() {
  if (!table) return;
  const { columns } = table;
  const roles = tableKind.value === 'pairs' ? table.pairs : table.placements;
  mapping.replaceChildren(
    ...roles.map((role) => {
      const field = document.createElement('div');
      const label = document.createElement('label');
      const select = document.createElement('select');
      select.name = role;
      select.id = `column-${role}`;
      label.htmlFor = select.id;
      const none = ['rater', 'trial'].includes(role) && tableKind.value === 'placements';
      const first = columns.includes(role) ? `${role} (as it is called)` : '(not said)';
      select.append(new Option(first, ''), ...columns.map((column) => new Option(column, column)));
      if (none) select.append(new Option(`(the table has no ${role})`, '-'));
      label.textContent = role.replace('_', ' ');
      field.append(label, select);
      return field;
    }),
  );
}

/** @param {Found} contents */
function showFound(contents) {
  find(foundCard, '[data-kind]', HTMLElement).textContent = `These files are taken for ${contents.kind}.`;
  const counts = [
    ['Raters', contents.raters],
    ['Clips', contents.clips],
    ['Trials', contents.trials],
    ['RDMs without placements', contents.rdms],
    ['Ratings', contents.ratings],
    ['Answers', contents.answers],
  ];
  find(foundCard, '[data-counts]', HTMLElement).replaceChildren(
    ...counts.filter(([, n], place) => place < 2 || n).map(([label, n]) => figure(String(label), Number(n))),
  );
  const raters = listed(contents.first_raters, contents.raters);
  find(foundCard, '[data-sample]', HTMLElement).textContent =
    `Raters: ${raters}. Clips: ${listed(contents.first_clips, contents.clips)}.`;
  find(foundCard, '[data-remark-list]', HTMLElement).replaceChildren(
    ...contents.remarks.map((remark) => Object.assign(document.createElement('li'), { textContent: remark })),
  );
  find(foundCard, '[data-remarks]', HTMLElement).hidden = !contents.remarks.length;
  if (!nameField.value) nameField.value = contents.name;
}

/** @param {string[]} first @param {number} of */
function listed(first, of) {
  return first.join(', ') + (of > first.length ? `, … (${of})` : '');
}

/** @param {string} label @param {number} n */
function figure(label, n) {
  const box = document.createElement('div');
  const term = Object.assign(document.createElement('dt'), { textContent: label });
  box.append(term, Object.assign(document.createElement('dd'), { textContent: n.toLocaleString('en') }));
  return box;
}

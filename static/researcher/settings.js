// @ts-check
/** The settings of a study: a form and the text of study.toml beside it, which the server keeps the same. */

import { byId, find, given } from '../page.js';
import { make, nodesOf, part } from './elements.js';
import { bindControls } from './controls.js';
import { editQuotas } from './quotas.js';
import { bindTextFiles } from './text-files.js';
import { editQuestions } from './questions.js';

/**
 * @typedef {object} Problem
 * @property {string | null} key
 * @property {number | null} line
 * @property {string} sentence
 * @property {'error' | 'warning'} severity
 * @property {(string | number)[]} at where in a list of questions: the index, and the key
 * @property {string} reason the sentence without that
 */
/**
 * @typedef {object} Edited
 * @property {string} text
 * @property {Record<string, unknown> | null} values null: the text is no TOML
 * @property {Problem[]} problems
 * @property {Record<string, string> | null} previews HTML, sanitised by the server
 * @property {string | null} fixed why nothing can be changed
 * @property {{version: number, sentence: string} | null} new_version what a save would make of an opened study
 */

const PAUSE = 250;

const root = part('settings');
const address = given(root.dataset.settings);
const token = find(document, '[name="csrf_token"]', HTMLInputElement).value;
const source = byId('study-toml', HTMLTextAreaElement);
const all = part('all', HTMLFieldSetElement);
const saved = part('saved');
const conflict = part('conflict');

/** @type {Edited} */
let state = JSON.parse(given(byId('settings-state', HTMLScriptElement).textContent));
// What is stored, as it was loaded: the text that a save must still find there, and its values.
let base = state.text;
let baseValues = state.values;
/** @type {Record<string, unknown>} Values of the form that are not in the text yet; null: unset. */
let pending = {};
let timer = 0;
/** @type {Promise<void> | null} */
let asking = null;
let asksAgain = false;

/** @type {Record<string, import('./questions.js').Form>} */
const forms = JSON.parse(given(byId('question-forms', HTMLScriptElement).textContent));
// A text in one language is in that of the study.
const language = () =>
  ['de', 'fr', 'es'].includes(String(state.values?.language)) ? String(state.values?.language) : 'en';
const controls = bindControls(
  document,
  (key, value) => {
    pending[key] = value;
    later();
  },
  {
    quotas: (root, _, changed) => editQuotas(root, changed),
    questions: (root, key, changed) => editQuestions(root, given(forms[key]), { changed, language }),
  },
);

source.addEventListener('input', later);
part('save').addEventListener('click', save);
part('discard').addEventListener('click', () => restore(base));
part('drop').addEventListener('click', () => restore(base));
part('keep').addEventListener('click', keepMine);
window.addEventListener('beforeunload', (event) => {
  if (isChanged()) event.preventDefault();
});

bindTextFiles({ uploads: address.replace(/definition$/, 'uploads'), token, changed: check });

root.hidden = false;
if (state.fixed) {
  const line = part('fixed');
  line.textContent = state.fixed;
  line.hidden = false;
  source.readOnly = true;
  part('save-bar').hidden = true;
}
source.value = state.text;
show();
// The link of a problem leads to its setting, which was hidden until now.
if (location.hash.length > 1) document.getElementById(location.hash.slice(1))?.focus();

function isChanged() {
  return Object.keys(pending).length > 0 || source.value !== asShown(base);
}

/** A text area has line feeds alone. @param {string} text */
function asShown(text) {
  return text.replaceAll('\r\n', '\n');
}

function later() {
  saved.textContent = 'Unsaved changes';
  part('discard').hidden = false;
  clearTimeout(timer);
  timer = setTimeout(check, PAUSE);
}

/** Ask the server what text and form are together; resolves when nothing is left to ask. @returns {Promise<void>} */
function check() {
  clearTimeout(timer);
  if (asking) {
    asksAgain = true;
    return asking;
  }
  asking = ask().finally(() => {
    asking = null;
  });
  return asking;
}

async function ask() {
  do {
    asksAgain = false;
    const sent = { text: source.value, changes: { ...pending } };
    const answer = await request('POST', `${address}/check`, sent);
    if (!answer.ok) {
      saved.textContent = answer.message;
      return;
    }
    if (source.value !== sent.text) {
      // Typed into meanwhile: what the form changed goes into the newer text.
      asksAgain = true;
      continue;
    }
    for (const [key, value] of Object.entries(sent.changes)) {
      if (pending[key] === value) delete pending[key];
    }
    if (Object.keys(pending).length > 0) asksAgain = true;
    state = /** @type {Edited} */ (answer.body);
    if (source.value !== asShown(state.text)) source.value = state.text;
    show();
  } while (asksAgain);
}

async function save() {
  await check();
  if (Object.keys(pending).length > 0) return;
  const isSame = source.value === asShown(base);
  const answer = await request('PUT', address, {
    text: isSame ? base : source.value,
    base,
    // As the bar says what comes of it.
    new_version: state.new_version !== null,
  });
  if (answer.ok) {
    state = /** @type {Edited} */ (answer.body);
    settle();
    saved.textContent = 'Saved';
    // The list of versions has one more line.
    if (answer.body.version > 0) location.reload();
    return;
  }
  saved.textContent = `Not saved. ${answer.body?.text === undefined && answer.body?.problems ? '' : answer.message}`;
  if (answer.body?.problems) {
    state = { ...state, problems: answer.body.problems };
    show();
    const first = state.problems.find((problem) => problem.severity === 'error');
    saved.textContent = `Not saved: ${counted(state.problems)}.`;
    (controls.element(first?.key ?? null) ?? source).focus();
  } else if (answer.body?.text !== undefined) {
    showConflict(answer.message, answer.body.text);
  }
}

/** What is shown is what is stored. */
function settle() {
  base = state.text;
  baseValues = state.values;
  pending = {};
  source.value = state.text;
  conflict.hidden = true;
  part('discard').hidden = true;
  find(document, '.study-head h1').textContent = String(state.values?.title ?? '');
  show({ everything: true });
}

/** @param {string} message @param {string} theirs */
function showConflict(message, theirs) {
  part('conflict-text').textContent = message;
  conflict.hidden = false;
  conflict.dataset.theirs = theirs;
  conflict.scrollIntoView({ block: 'nearest' });
  part('keep').focus();
}

/** The settings that were changed here, written into what somebody else has stored. */
async function keepMine() {
  const theirs = conflict.dataset.theirs;
  if (theirs === undefined) return;
  const [before, mine] = [baseValues ?? {}, state.values ?? {}];
  const changed = Object.keys(mine).filter((key) => JSON.stringify(mine[key]) !== JSON.stringify(before[key]));
  const stored = await request('POST', `${address}/check`, { text: theirs, changes: {} });
  if (!stored.ok) return;
  base = theirs;
  baseValues = /** @type {Edited} */ (stored.body).values;
  delete conflict.dataset.theirs;
  conflict.hidden = true;
  source.value = theirs;
  pending = Object.fromEntries(changed.map((key) => [key, mine[key] ?? null]));
  saved.textContent = 'Unsaved changes';
  await check();
  part('save').focus();
}

/** Back to what is stored. @param {string} text */
async function restore(text) {
  pending = {};
  source.value = conflict.dataset.theirs ?? text;
  delete conflict.dataset.theirs;
  await check();
  settle();
  saved.textContent = '';
  source.focus();
}

/** @param {{everything?: boolean}} [how] also the control that is being typed into */
function show({ everything = false } = {}) {
  const readable = state.values !== null;
  all.disabled = Boolean(state.fixed) || !readable;
  if (state.values) controls.fill(state.values, { except: everything ? [] : Object.keys(pending), everything });
  controls.tell(state.problems);
  for (const [key, html] of Object.entries(state.previews ?? {})) {
    find(document, `[data-preview="${key}"]`).replaceChildren(...nodesOf(html));
  }
  part('problems-title').textContent = counted(state.problems);
  part('all-problems').replaceChildren(...state.problems.map(problemLine));
  const consequence = part('new-version');
  consequence.hidden = !state.new_version;
  consequence.textContent = state.new_version?.sentence ?? '';
  part('save').textContent = state.new_version ? `Save as version ${state.new_version.version}` : 'Save';
  if (isChanged()) part('discard').hidden = false;
}

/** @param {Problem[]} problems */
function counted(problems) {
  const errors = problems.filter((problem) => problem.severity === 'error').length;
  const warnings = problems.length - errors;
  const words = [
    errors ? `${errors} ${errors === 1 ? 'error' : 'errors'}` : '',
    warnings ? `${warnings} ${warnings === 1 ? 'warning' : 'warnings'}` : '',
  ];
  return words.filter(Boolean).join(', ') || 'No problems';
}

/** @param {Problem} problem */
function problemLine(problem) {
  const line = make('li', { class: problem.severity });
  if (problem.line !== null) {
    const button = make('button', { type: 'button', class: 'plain' }, `Line ${problem.line}`);
    button.addEventListener('click', () => goToLine(given(problem.line)));
    line.append(button, ' ');
  }
  if (problem.key) line.append(make('code', {}, problem.key), ' ');
  line.append(problem.sentence);
  return line;
}

/** @param {number} number */
function goToLine(number) {
  const lines = source.value.split('\n');
  const start = lines.slice(0, number - 1).join('\n').length + (number > 1 ? 1 : 0);
  source.focus();
  source.setSelectionRange(start, start + (lines[number - 1] ?? '').length);
}

/**
 * @param {string} method
 * @param {string} url
 * @param {object} body
 * @returns {Promise<{ok: boolean, message: string, body: any}>}
 */
async function request(method, url, body) {
  try {
    const answer = await fetch(url, {
      method,
      headers: { 'Content-Type': 'application/json', 'X-CSRFToken': token },
      body: JSON.stringify(body),
    });
    const reply = await answer.json().catch(() => null);
    const message = reply?.error?.message ?? `The server answered ${answer.status}. Nothing you typed is lost.`;
    return { ok: answer.ok && reply !== null, message, body: reply };
  } catch {
    return { ok: false, message: 'No connection. Nothing you typed is lost.', body: null };
  }
}

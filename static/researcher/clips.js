// @ts-check
/** A study's clips and what became of each, live while they are converted. */

import { elementOf, find } from '../page.js';
import { change, mountBoard } from './board.js';
import { dragRows, playOnHover } from './clip-rows.js';
import { mountTools } from './clip-tools.js';
import { make, part, syncRows } from './elements.js';
import { keepFresh, load } from './live.js';
import { counted, number } from './words.js';

/**
 * @typedef {object} Clip
 * @property {string} id
 * @property {'waiting'|'converting'|'ready'|'failed'} state
 * @property {'clip'|'picture'|'sound'} kind known once it is converted
 * @property {string} label
 * @property {string} file
 * @property {string|null} reason why it cannot be used
 * @property {string|null} poster
 * @property {{src: string, type: string}[]} sources
 * @property {number} progress 0 to 1
 * @property {string[]} remarks
 * @property {Record<string, string>} attributes
 * @property {number|null} duration seconds
 * @property {number|null} frames
 * @property {number|null} fps
 * @property {number|null} width pixels
 * @property {number|null} height
 * @property {number|null} source_width of the file that was given
 * @property {number|null} source_height
 * @property {boolean|null} has_audio
 */

const STATES = { waiting: 'waiting', converting: 'converting', ready: 'ready', failed: 'cannot be used' };
const PAUSE = 2000;
// While nothing is converted, only somebody else can change something.
const SETTLED_PAUSE = 15_000;
// No page holds more pictures than these.
const AT_ONCE = 100;

const page = find(document, 'main');
const table = part('clips');
const toolbar = document.querySelector('[data-tools]');

/** @type {Clip[]} */
let clips = [];
let first = 0;
let looked = 0;

const board = mountBoard({ onChange: refresh });
const selection = toolbar ? mountTools({ clips: () => clips, onChange: refresh }) : null;

keepFresh(async () => {
  const busy = clips.some(({ state }) => state === 'waiting' || state === 'converting');
  if (!busy && clips.length && Date.now() - looked < SETTLED_PAUSE) return;
  await refresh();
}, PAUSE);
// What was just uploaded or changed is there at once.
document.addEventListener('clips-changed', refresh);

for (const [name, step] of /** @type {const} */ ([
  ['earlier', -AT_ONCE],
  ['later', AT_ONCE],
])) {
  part(name).addEventListener('click', () => {
    first += step;
    showRows();
  });
}
find(table, 'tbody').addEventListener('click', (event) => {
  const button = elementOf(event).closest('button');
  const key = button?.closest('tr')?.dataset.key;
  const place = clips.findIndex(({ id }) => id === key);
  if (place >= 0) board.open(clips[place], place + 1);
});

playOnHover(find(table, 'tbody'), (key) => clips.find(({ id }) => id === key));
if (toolbar) dragRows(find(table, 'tbody'), drag);

/**
 * A row was dropped before another one; behind the last of those that are shown there is none.
 * @param {string} key @param {string | null} before
 */
async function drag(key, before) {
  const from = clips.findIndex(({ id }) => id === key);
  const to = before === null ? Math.min(first + AT_ONCE, clips.length) : clips.findIndex(({ id }) => id === before);
  const problem = part('move-problem');
  problem.hidden = true;
  try {
    // Those between make room.
    await change(`/${key}/move`, { place: to > from ? to : to + 1 });
  } catch (error) {
    problem.textContent = error instanceof Error ? error.message : String(error);
    problem.hidden = false;
  }
  await refresh();
}

async function refresh() {
  const answer = await load(`${page.dataset.api}/clips`);
  looked = Date.now();
  show(answer);
}

/** @param {{clips: Clip[], differences: string[], worker: string}} answer */
function show({ clips: latest, differences, worker }) {
  clips = latest;
  part('no-worker').hidden = worker === 'running' || !clips.some(({ state }) => state === 'waiting');
  table.hidden = clips.length === 0;
  table.dataset.columns = JSON.stringify([...new Set(clips.flatMap(({ attributes }) => Object.keys(attributes)))]);
  part('empty').hidden = clips.length > 0;
  showSummary(clips);
  const box = part('differences');
  box.hidden = differences.length === 0;
  find(box, 'ul').replaceChildren(...differences.map((sentence) => make('li', {}, sentence)));
  selection?.show(clips);
  showRows();
}

function showRows() {
  first = Math.max(0, Math.min(first, Math.floor((clips.length - 1) / AT_ONCE) * AT_ONCE));
  const some = clips.slice(first, first + AT_ONCE);
  part('pages').hidden = clips.length <= AT_ONCE;
  part('shown').textContent = `${plural(clips)} ${first + 1} to ${first + some.length} of ${clips.length}`;
  part('earlier', HTMLButtonElement).disabled = first === 0;
  part('later', HTMLButtonElement).disabled = first + AT_ONCE >= clips.length;
  syncRows(find(table, 'tbody'), some, {
    key: (clip) => clip.id,
    text: (clip) => `${clips.indexOf(clip)} ${JSON.stringify(clip)}`,
    row: clipRow,
  });
}

/** @param {Clip[]} clips */
function showSummary(clips) {
  const ready = clips.filter((clip) => clip.state === 'ready').length;
  const failed = clips.filter((clip) => clip.state === 'failed');
  const settled = ready + failed.length;
  part('summary').textContent =
    settled < clips.length ? `${ready} of ${clips.length} ${plural(clips).toLowerCase()} are ready` : summary(clips);
  const bar = part('conversion', HTMLProgressElement);
  bar.hidden = settled === clips.length;
  bar.value = clips.length
    ? clips.reduce((sum, clip) => sum + (clip.state === 'failed' ? 1 : clip.progress), 0) / clips.length
    : 0;
  const box = part('failures');
  box.hidden = failed.length === 0;
  find(box, 'strong').textContent = `${counted(failed.length, 'file')} cannot be used; the others continue.`;
  find(box, 'ul').replaceChildren(
    ...failed.map((clip) => make('li', {}, make('code', {}, clip.file), ` ${clip.reason ?? ''}`)),
  );
}

/** @param {Clip[]} clips */
const plural = (clips) => (clips.every(({ kind }) => kind === 'clip') ? 'Clips' : 'Items');

/** @param {Clip[]} clips @returns {string} for example "12 pictures and 1 sound" */
function summary(clips) {
  const kinds = /** @type {const} */ (['clip', 'picture', 'sound']);
  const told = kinds.flatMap((kind) => {
    const some = clips.filter((clip) => clip.state === 'ready' && clip.kind === kind).length;
    return some ? [counted(some, kind)] : [];
  });
  return new Intl.ListFormat('en-GB').format(told) || counted(0, 'clip');
}

/** @param {number|null} width @param {number|null} height */
function size(width, height) {
  return width ? `${width} × ${height}` : '–';
}

/** @param {Clip} clip */
function clipRow(clip) {
  const attributes = Object.entries(clip.attributes)
    .filter(([, value]) => value)
    .map(([name, value]) => `${name}: ${value}`)
    .join(', ');
  const percent = Math.round(100 * clip.progress);
  const place = clips.indexOf(clip) + 1;
  return make(
    'tr',
    {},
    selection ? make('td', { class: 'choose' }, selection.box(clip)) : null,
    toolbar
      ? make('td', { class: 'number place', draggable: 'true', title: 'Drag to another place' }, place)
      : make('td', { class: 'number' }, place),
    make(
      'td',
      { class: 'picture' },
      make(
        'button',
        { type: 'button', class: 'quiet', 'aria-label': `${selection ? 'Play and edit' : 'Play'} ${clip.file}` },
        clip.poster
          ? make('img', { src: clip.poster, alt: '', loading: 'lazy', width: 64, height: 48 })
          : clip.state === 'failed'
            ? '–'
            : '…',
      ),
    ),
    make(
      'th',
      { scope: 'row' },
      clip.label,
      make('br'),
      make('code', {}, clip.file),
      clip.remarks.length
        ? make('ul', { class: 'remarks' }, ...clip.remarks.map((remark) => make('li', {}, remark)))
        : null,
    ),
    make(
      'td',
      {},
      make('span', { class: `badge state-${clip.state}` }, STATES[clip.state]),
      clip.state === 'converting'
        ? make('progress', { max: 100, value: percent, 'aria-label': `Conversion of ${clip.file}` })
        : null,
    ),
    make('td', { class: 'attributes', title: attributes }, attributes || '–'),
    make('td', {}, clip.state === 'ready' ? clip.kind : '–'),
    make('td', { class: 'number' }, number(clip.duration, 1)),
    make('td', { class: 'number' }, number(clip.frames, 0)),
    make('td', { class: 'number' }, size(clip.source_width, clip.source_height)),
    make('td', { class: 'number' }, size(clip.width, clip.height)),
    make('td', { class: 'number' }, number(clip.fps, 1)),
    make('td', {}, clip.has_audio === null ? '–' : clip.has_audio ? 'yes' : 'no'),
  );
}

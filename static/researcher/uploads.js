// @ts-check
/** Clips are dropped or chosen, and sent: a bar for each file, what was refused with its reason, what waits to go on. */

import { find } from '../page.js';
import { pauseBefore } from '../task/backoff.js';
import { filesOfChoice, filesOfDrop } from './dropped-files.js';
import { make, part, syncRows } from './elements.js';
import { hashOf } from './file-hash.js';
import { load } from './live.js';
import { send } from './tus-upload.js';
import { isUnderWay, makeQueue } from './upload-queue.js';
import { counted, megabytes } from './words.js';

/** @typedef {import('./upload-queue.js').Item} Item */
/** @typedef {{id: string, name: string, size: number, here: number}} Unfinished */

const page = find(document, 'main');
const address = `${page.dataset.api}/uploads`;
const token = find(document, '[name="csrf_token"]', HTMLInputElement).value;
const area = part('drop');

/** @type {Set<() => void>} ends of pauses */
const pauses = new Set();
/** @type {Unfinished[]} */
let unfinished = [];
let drawn = 0;

const queue = makeQueue(
  (file, name, hears) => send(file, name, { ...hears, address, token, hash: hashOf, wait: pause }),
  () => {
    drawn ||= requestAnimationFrame(draw);
  },
);

/** @param {number} failures */
async function pause(failures) {
  await new Promise((resolve) => {
    const end = () => {
      pauses.delete(end);
      resolve(undefined);
    };
    pauses.add(end);
    setTimeout(end, pauseBefore(failures));
  });
}
addEventListener('online', () => pauses.forEach((end) => end()));
addEventListener('beforeunload', (event) => {
  if (queue.isBusy()) event.preventDefault();
});

for (const name of ['choose-files', 'choose-folder']) {
  const input = find(area, `[data-${name}-input]`, HTMLInputElement);
  const button = part(name, HTMLButtonElement);
  button.addEventListener('click', () => input.click());
  button.disabled = false;
  input.addEventListener('change', () => {
    queue.add(filesOfChoice([...(input.files ?? [])]));
    input.value = '';
  });
}
// A clip's dialog asks for another file of the same clip.
document.addEventListener('replace-clip', (event) => {
  const { file, clip } = /** @type {CustomEvent<{file: File, clip: string}>} */ (event).detail;
  queue.add([{ file, name: file.name, replaces: clip }]);
});
// The whole page takes files: one that misses the area would be opened in the page's place.
document.addEventListener('dragover', (event) => {
  if (!event.dataTransfer?.types.includes('Files')) return;
  event.preventDefault();
  area.classList.add('over');
});
document.addEventListener('dragleave', (event) => {
  if (event.relatedTarget === null) area.classList.remove('over');
});
document.addEventListener('drop', async (event) => {
  area.classList.remove('over');
  if (!event.dataTransfer?.types.includes('Files')) return;
  event.preventDefault();
  try {
    queue.add(await filesOfDrop(event.dataTransfer));
  } catch {
    queue.refuse('What was dropped cannot be read. Try it with the buttons.');
  }
});

function draw() {
  drawn = 0;
  const items = queue.items();
  const under = items.filter(isUnderWay);
  const list = part('uploads');
  syncRows(list, under, { key: ({ key }) => key, text: ({ state, trouble }) => `${state} ${trouble ?? ''}`, row });
  const byKey = new Map(under.map((item) => [item.key, item]));
  for (const element of /** @type {HTMLElement[]} */ ([...list.children])) {
    const item = byKey.get(element.dataset.key ?? '');
    if (item) find(element, 'progress', HTMLProgressElement).value = item.file.size ? item.sent / item.file.size : 0;
  }
  list.hidden = !under.length;
  drawSummary(items, under.length);
  drawRefusals(items);
  drawUnfinished(items);
  if (!under.length && items.length) {
    refreshUnfinished();
    document.dispatchEvent(new Event('clips-changed'));
  }
}

/** @param {Item} item */
function row(item) {
  const button = make('button', { type: 'button', class: 'quiet small' }, 'Cancel');
  button.setAttribute('aria-label', `Cancel ${item.name}`);
  button.addEventListener('click', () => cancel(item));
  return make(
    'li',
    {},
    make('code', { dir: 'auto' }, item.name),
    make('progress', { max: 1, value: 0, 'aria-label': `Upload of ${item.name}` }),
    make('span', { class: item.trouble ? 'error' : 'hint' }, item.trouble ?? megabytes(item.file.size)),
    button,
  );
}

/** @param {Item} item */
async function cancel(item) {
  queue.remove(item);
  await refreshUnfinished();
  await Promise.all(unfinished.filter(({ name }) => name === item.name).map(forget));
}

/** @param {Item[]} items @param {number} under */
function drawSummary(items, under) {
  const box = part('upload-summary');
  const asked = items.filter(({ state }) => state !== 'removed' && state !== 'passed');
  const bytes = asked.reduce((sum, { file }) => sum + file.size, 0);
  const sent = asked.reduce((sum, item) => sum + (isUnderWay(item) ? item.sent : item.file.size), 0);
  box.hidden = !items.length;
  const bar = find(box, 'progress', HTMLProgressElement);
  bar.hidden = !under;
  bar.value = bytes ? sent / bytes : 0;
  const done = items.filter(({ state }) => state === 'sent').length;
  find(box, 'strong').textContent = under
    ? `${asked.length - under} of ${counted(asked.length, 'file')}, ${megabytes(sent)} of ${megabytes(bytes)}`
    : `${counted(done, 'file')} uploaded.`;
}

/** @param {Item[]} items */
function drawRefusals(items) {
  for (const [name, state] of /** @type {const} */ ([
    ['refused', 'refused'],
    ['same', 'same'],
    ['passed', 'passed'],
  ])) {
    const matching = items.filter((item) => item.state === state);
    const box = part(`upload-${name}`);
    box.hidden = !matching.length;
    find(box, 'ul').replaceChildren(...matching.map(({ reason }) => make('li', { dir: 'auto' }, reason)));
  }
}

/** @param {Item[]} items */
function drawUnfinished(items) {
  const under = new Set(items.filter(isUnderWay).map(({ name }) => name));
  const left = unfinished.filter(({ name }) => !under.has(name));
  part('unfinished').hidden = !left.length;
  syncRows(find(part('unfinished'), 'ul'), left, {
    key: ({ id }) => id,
    text: (one) => JSON.stringify(one),
    row: (one) => {
      const button = make('button', { type: 'button', class: 'quiet small' }, 'Remove');
      button.setAttribute('aria-label', `Remove ${one.name}`);
      button.addEventListener('click', () => forget(one));
      const percent = Math.floor((100 * one.here) / one.size);
      return make(
        'li',
        {},
        make('code', { dir: 'auto' }, one.name),
        ` ${percent} % of ${megabytes(one.size)} `,
        button,
      );
    },
  });
}

/** @param {Unfinished} one */
async function forget(one) {
  const headers = { 'Tus-Resumable': '1.0.0', 'X-CSRFToken': token };
  await fetch(`${address}/${one.id}`, { method: 'DELETE', headers }).catch(() => null);
  await refreshUnfinished();
}

async function refreshUnfinished() {
  const answer = await load(address).catch(() => null);
  if (!answer) return;
  unfinished = answer.uploads;
  drawUnfinished(queue.items());
}

refreshUnfinished();

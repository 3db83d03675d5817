/** Words fit what the participant works with: no Esc for a finger, no Ctrl on a Mac, key names of the language. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { helpLines, inputsOf, shortcuts } from '../../static/arena/inputs.js';
import { plainText as t } from '../../static/arena/words.js';

/** A device with these kinds of pointers. */
function device(platform, ...pointers) {
  const matchMedia = (query) => ({ matches: pointers.some((kind) => query.includes(kind)) });
  return inputsOf({ navigator: { platform }, matchMedia });
}

const KEYS = /Esc|Ctrl|⌘|Shift|Enter|Tab|click|mouse/i;

test('a tablet reads of taps and of no key, whatever it calls itself', () => {
  for (const platform of ['MacIntel', 'Linux armv81', 'iPhone']) {
    const inputs = device(platform, 'coarse');
    assert.deepEqual(inputs, { touchOnly: true, mac: false });
    for (const line of helpLines(inputs, t).flat()) assert.doesNotMatch(line, KEYS);
  }
});

test('a Mac reads of its own key, and others of theirs, by the name in their language', () => {
  assert.deepEqual(shortcuts(device('MacIntel', 'fine'), t), { undo: '⌘Z', redo: '⇧⌘Z' });
  for (const line of helpLines(device('MacIntel', 'fine'), t).flat()) assert.doesNotMatch(line, /Ctrl/);
  const german = (text) => ({ 'Ctrl+Z': 'Strg+Z', 'Ctrl+Y': 'Strg+Y' })[text] ?? text;
  assert.deepEqual(shortcuts(device('Win32', 'fine', 'coarse'), german), { undo: 'Strg+Z', redo: 'Strg+Y' });
});

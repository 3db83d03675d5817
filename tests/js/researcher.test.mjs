/** The pure modules of the experimenter's pages. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { attributesToColour } from '../../static/researcher/attributes.js';
import { colourOf, DISSIMILARITY, EVIDENCE, table } from '../../static/researcher/colour.js';
import { shortened } from '../../static/researcher/interval-plot.js';
import { pairIndex, range, studyOrder } from '../../static/researcher/pairs.js';
import { byMeasure, cellsOf, sorted } from '../../static/researcher/rating-rows.js';
import {
  ageInWords,
  ago,
  checksInWords,
  counted,
  day,
  fitOfMap,
  moment,
  notesOf,
  number,
  reliabilityInWords,
  visitInWords,
} from '../../static/researcher/words.js';

/** OKLab of sRGB bytes, by the published matrices of the inverse direction. */
function oklab(colour) {
  const [r, g, b] = colour
    .map((byte) => byte / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

for (const [name, colours] of Object.entries({ DISSIMILARITY, EVIDENCE })) {
  test(`${name}: equal steps look equal, and lightness always rises`, () => {
    const points = colours.map(oklab);
    const steps = [];
    for (let k = 16; k < points.length; k += 16) {
      steps.push(Math.hypot(...points[k].map((value, axis) => value - points[k - 16][axis])));
      assert.ok(points[k][0] > points[k - 16][0], `lightness at ${k}`);
    }
    assert.ok(
      Math.max(...steps) / Math.min(...steps) < 1.15,
      `steps between ${Math.min(...steps)} and ${Math.max(...steps)}`,
    );
    assert.ok(points.at(-1)[0] - points[0][0] > 0.6);
  });
}

test('a grey path through the colours has grey colours, at the lightness asked for', () => {
  const grey = table({ lightness: [0, 1], hue: [0, 0], chroma: [0, 0, 0] });
  assert.deepEqual(grey[0], [0, 0, 0]);
  assert.deepEqual(grey.at(-1), [255, 255, 255]);
  for (const [r, g, b] of grey) assert.ok(Math.abs(r - g) <= 1 && Math.abs(g - b) <= 1);
});

test('shares outside 0 and 1 take the colours at the ends', () => {
  assert.equal(colourOf(EVIDENCE, -3), EVIDENCE[0]);
  assert.equal(colourOf(EVIDENCE, 7), EVIDENCE.at(-1));
});

test('condensed order is row by row through the upper triangle', () => {
  for (const n of [2, 3, 7, 40]) {
    let place = 0;
    for (let i = 0; i < n; i += 1) {
      for (let j = i + 1; j < n; j += 1) {
        assert.equal(pairIndex(i, j, n), place);
        assert.equal(pairIndex(j, i, n), place);
        place += 1;
      }
    }
    assert.equal(place, (n * (n - 1)) / 2);
  }
});

test('the range passes over missing values', () => {
  assert.deepEqual(range([null, 0.5, null, -1, 2]), [-1, 2]);
  assert.equal(range([null, null]), null);
  assert.deepEqual(studyOrder(3), [0, 1, 2]);
});

test('times and numbers in words', () => {
  const now = Date.parse('2026-03-01T12:00:00+00:00');
  assert.equal(ago('2026-03-01T11:59:50+00:00', now), 'just now');
  assert.equal(ago('2026-03-01T11:56:00+00:00', now), '4 min ago');
  assert.equal(ago('2026-03-01T09:00:00+00:00', now), '3 h ago');
  assert.equal(ago('2026-02-20T09:00:00+00:00', now), '2026-02-20');
  assert.equal(number(null), '–');
  assert.equal(number(-0.123), '\u22120.12');
  assert.equal(counted(1, 'rater'), '1 rater');
  assert.equal(counted(0, 'rater'), '0 raters');
  assert.match(fitOfMap(0.3), /rough/);
  assert.match(fitOfMap(0.01), /excellent/);
});

test('only attributes whose colours would say something can be chosen', () => {
  const clips = Array.from({ length: 12 }, (_, k) => ({
    attributes: { mood: k % 2 ? 'happy' : 'sad', same: 'x', name: `clip ${k}`, age: String(k), gaps: k ? '1.5' : '' },
  }));
  assert.deepEqual(attributesToColour(clips), ['mood', 'age', 'gaps']);
});

test('attention checks are counted over all who have not withdrawn, and none done yet is no zero', () => {
  assert.equal(checksInWords({ done: 4, passed: 3 }), '3 of 4');
  assert.equal(checksInWords({ done: 2, passed: 0 }), '0 of 2');
  assert.equal(checksInWords({ done: 0, passed: 0 }), '–');
});

test("what is odd about a session's person is said in words", () => {
  const usual = { id_note: null, unproven_trials: 0, asked_to_leave: false };
  assert.deepEqual(notesOf(usual), []);
  const texts = (odd) => notesOf({ ...usual, ...odd }).map(({ text }) => text);
  assert.deepEqual(texts({ id_note: 'unfilled' }), ['unfilled id']);
  assert.deepEqual(texts({ id_note: 'near_name', unproven_trials: 1 }), [
    'id under another name',
    '1 trial from another browser',
  ]);
  assert.deepEqual(texts({ unproven_trials: 2, asked_to_leave: true }), [
    '2 trials from another browser',
    'asked to leave',
  ]);
  assert.equal(visitInWords({ person: 7, visit: 2 }), 'same person as P007, visit 2');
});

test('results say how old they are, and that newer ones are on their way', () => {
  const now = Date.parse('2026-05-01T12:00:00Z');
  assert.equal(ageInWords('2026-05-01T11:56:00Z', null, now), 'Computed 4 min ago.');
  assert.equal(
    ageInWords('2026-05-01T11:59:50Z', { done: 1, of: 4 }, now),
    'Computed just now, being updated (1 of 4 raters).',
  );
});

test('the reliability so far, and what a target takes, are said with their intervals or with the reason', () => {
  const known = {
    finished: 26,
    simulated: false,
    pairs_are_shared: false,
    pairs: 1770,
    pairs_seen: null,
    raters: 24,
    target: 0.9,
    value: 0.83,
    interval: [0.71, 0.9],
    reason: null,
    needed: 45,
    needed_interval: [24, 90],
    endless: false,
    needed_reason: null,
  };
  const words = reliabilityInWords(known);
  assert.equal(
    words.soFar,
    '0.83 (95 % interval 0.71 to 0.90) for the mean of 24 participants. 2 more have finished since.',
  );
  assert.equal(words.needed, 'takes 45 participants in all (19 more; 24 to 90 by the interval).');
  assert.match(reliabilityInWords({ ...known, needed: 20 }).needed, /enough have finished/);
  const open = { ...known, needed_interval: [30, null], endless: true };
  assert.match(reliabilityInWords(open).needed, /30 or more, without an upper end/);
  const two = { ...known, interval: [null, null], reason: 'at least three raters', needed_interval: [null, null] };
  assert.match(reliabilityInWords(two).soFar, /no interval: at least three raters/);
  const shared = { ...two, pairs_are_shared: true, pairs_seen: 1200 };
  assert.equal(
    reliabilityInWords(shared).soFar,
    '0.83 for the RDM of all rounds of 24 participants, who saw 1,200 of the 1,770 pairs (67 %) between them. 2 more have finished since.',
  );
  assert.match(reliabilityInWords({ ...shared, pairs_seen: 1770 }).soFar, /who saw all 1,770 pairs between them\./);
  const none = reliabilityInWords({ ...known, value: null, needed: null, reason: 'nobody has finished' });
  assert.deepEqual(none, { soFar: 'Not known yet: nobody has finished.', needed: '' });
  const low = reliabilityInWords({ ...known, value: -0.1, needed: null, needed_reason: 'it is not above 0' });
  assert.match(low.needed, /is not known: it is not above 0/);
});

test('ratings are sorted by any column, with what nobody rated last either way', () => {
  const measure = (sentence, value) => ({ key: 'k', label: 'K', sentence, value, low: null, high: null, reason: null });
  const valence = {
    min: -3,
    max: 3,
    agreement: [measure('of scales', 0.5)],
    clips: [
      { mean: 0, sd: 1, n: 2 },
      { mean: null, sd: null, n: 0 },
      { mean: 3, sd: null, n: 1 },
    ],
  };
  const place = {
    choices: [{}, {}],
    agreement: [measure('of kinds', 0.1)],
    clips: [
      { n: 4, counts: [1, 3] },
      { n: 0, counts: [0, 0] },
      { n: 2, counts: [2, 0] },
    ],
  };
  const questions = [valence, place];
  const texts = (item) => cellsOf(questions, item).map(({ text }) => text);
  assert.deepEqual(texts(0), ['0.00', '1.00', '2', '25 %', '75 %', '4']);
  assert.deepEqual(texts(1), ['–', '–', '0', '–', '–', '0']);
  assert.deepEqual(
    cellsOf(questions, 2).map(({ share }) => share),
    [1, null, null, 1, 0, null],
  );
  assert.deepEqual(sorted(questions, 3, { column: 0, descending: true }), [2, 0, 1]);
  assert.deepEqual(sorted(questions, 3, { column: 0, descending: false }), [0, 2, 1]);
  assert.deepEqual(sorted(questions, 3, { column: 4, descending: true }), [0, 2, 1]);
  assert.deepEqual(sorted(questions, 3, { column: -1, descending: true }), [2, 1, 0]);
  assert.deepEqual(
    byMeasure(questions).map(({ measures }) => measures.map((one) => one?.value ?? null)),
    [
      [0.5, null],
      [null, 0.1],
    ],
  );
});

test('an attribute of numbers that some clips lack is still one of numbers', () => {
  const clips = [
    { attributes: { rated: '0.5' } },
    { attributes: {} },
    ...'3456789012'.split('').map((rated) => ({ attributes: { rated } })),
  ];
  assert.deepEqual(attributesToColour(clips), ['rated']);
});

test("long names of layers keep their ends, by which they differ, and stay within a figure's margin", () => {
  assert.equal(shortened('resnet50: /layer1/layer1.2/relu_2/Relu'), 'resnet50: /…yer1.2/relu_2/Relu');
  assert.equal(shortened('resnet50: avgpool'), 'resnet50: avgpool');
});

test('a time is that of UTC wherever the page is read', () => {
  assert.equal(moment('2026-03-01T23:30:00+00:00'), '1 March 2026, 23:30 (UTC)');
  assert.equal(moment('2026-03-02T01:05:00+02:00'), '1 March 2026, 23:05 (UTC)');
  assert.equal(day('2026-03-02T01:05:00+02:00'), '1 March 2026');
});

/** Which screen, which words. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closingLoses, savingState } from '../../static/task/saving.js';
import { namedClips, progressWords, questionOf, screenOf, timeLeft } from '../../static/task/session.js';
import { translator } from '../../static/task/text.js';

const t = translator({});
const viewOf = (state, rest = {}) => ({ session: { state }, elsewhere: false, trial: null, ...rest });

test('the screen follows from the view alone', () => {
  assert.equal(screenOf(viewOf('instructed')), 'instructions');
  assert.equal(screenOf(viewOf('arranging', { trial: {} })), 'trial');
  assert.equal(screenOf(viewOf('arranging')), 'preparing');
  assert.equal(screenOf(viewOf('finished')), 'thanks');
  assert.equal(screenOf(viewOf('withdrawn')), 'withdrawn');
  assert.equal(screenOf(viewOf('arranging', { trial: {}, elsewhere: true })), 'elsewhere');
  assert.equal(screenOf(viewOf('finished', { elsewhere: true })), 'thanks');
  assert.equal(screenOf(viewOf('withdrawn', { elsewhere: true })), 'withdrawn');
});

test('the question is the study’s, but for practice and for trials that bring their own', () => {
  const german = translator({ 'Up, please': 'Bitte nach oben' });
  assert.equal(questionOf({ purpose: 'main', question: null }, t), null);
  assert.equal(questionOf({ purpose: 'check', question: 'Up, please' }, german), 'Bitte nach oben');
  const practice = { purpose: 'practice', question: null };
  assert.match(questionOf(practice, t), /^Practice:/);
  const rules = (playback) =>
    questionOf(practice, t, playback)
      .split(/(?<=\.) /)
      .slice(1);
  assert.deepEqual(rules({ play: 'hover', watch: 'free' }), []);
  assert.deepEqual(rules({ play: 'click', watch: 'before_placing' }), [
    'Click or tap a shape to play it.',
    'Each shape must play to its end before you can move it.',
  ]);
  assert.deepEqual(rules({ play: 'always', watch: 'before_done' }), [
    'Each shape must play to its end before you press Done.',
  ]);
});

test('the shapes of the practice are named in the language of the page, the study’s clips as the study names them', () => {
  const german = translator({ 'small circle': 'kleiner Kreis' });
  const clips = [{ id: 'circle-small', label: 'small circle' }];
  assert.deepEqual(namedClips({ purpose: 'practice', clips }, german), [
    { id: 'circle-small', label: 'kleiner Kreis' },
  ]);
  const own = [{ id: 'C-1', number: 7, label: 'small circle' }];
  assert.deepEqual(namedClips({ purpose: 'main', clips: own }, german), own);
});

test('a clip without a label of the study goes by its number', () => {
  const german = translator({ 'Clip {n}': 'Video {n}' });
  const [clip] = namedClips({ purpose: 'main', clips: [{ id: 'C-1', number: 7, label: null }] }, german);
  assert.equal(clip.label, 'Video 7');
});

test('progress is honest: no 100 % before the end, no time where none is known', () => {
  const words = (fraction, minutes_left, at_most) => progressWords({ fraction, minutes_left, at_most }, t);
  assert.equal(words(0, 12.5), '0 % done, about 15 minutes left');
  assert.equal(words(0.256, 6.4), '25 % done, about 6 minutes left');
  assert.equal(words(0.999, 0.2), '99 % done, about a minute left');
  assert.equal(words(0.5, null), '50 % done');
  assert.equal(words(1, 3), '100 % done');
  assert.equal(words(0, 29.2, true), '0 % done, at most 30 minutes left');
  assert.equal(words(0.9, 0, true), '90 % done, this is the last round');
});

test('texts fall back to English and fill in their parameters', () => {
  const german = translator({ 'about {n} minutes left': 'noch etwa {n} Minuten' });
  assert.equal(german('about {n} minutes left', { n: 5 }), 'noch etwa 5 Minuten');
  assert.equal(german('Loading {what}', { what: 'x' }), 'Loading x');
  assert.equal(german('{unknown}', {}), '{unknown}');
});

const calm = { waiting: 0, problem: null, refused: null };
const still = { unsaved: false, problem: null };
const kept = { persistent: true };
const cases = [
  ['nothing to do', calm, still, kept, 'saved', false],
  ['a draft about to go', calm, { unsaved: true, problem: null }, kept, 'saving', false],
  ['a draft that is only in memory', calm, { unsaved: true, problem: null }, { persistent: false }, 'saving', true],
  ['a draft without a connection', calm, { unsaved: true, problem: 'connection' }, kept, 'trouble', true],
  ['an arrangement on its way', { ...calm, waiting: 1 }, still, kept, 'saving', true],
  ['an arrangement held up', { ...calm, waiting: 1, problem: 'server' }, still, kept, 'trouble', true],
  ['an arrangement refused', { ...calm, waiting: 1, refused: {} }, still, kept, 'trouble', true],
];
for (const [name, outbox, drafts, store, state, asks] of cases) {
  test(`saving, in words: ${name}`, () => {
    assert.equal(savingState(outbox, drafts, store, t).state, state);
    assert.equal(closingLoses(outbox, drafts, store), asks);
  });
}

test('without storage nobody is told that work is kept on this computer', () => {
  const outbox = { ...calm, waiting: 1, problem: 'connection' };
  assert.match(savingState(outbox, still, kept, t).words, /kept on this computer/);
  assert.doesNotMatch(savingState(outbox, still, { persistent: false }, t).words, /kept/);
});

test('the time left runs down within a round: the rule by the clock, an estimate by what a round usually takes', () => {
  const after = (progress, minutes) => timeLeft(progress, minutes).minutes_left;
  const rule = { minutes_left: 30, at_most: true, minutes_a_trial: null };
  assert.deepEqual(
    [0, 1, 29, 40].map((minutes) => after(rule, minutes)),
    [30, 29, 1, 0],
  );
  const estimate = { minutes_left: 12, at_most: false, minutes_a_trial: 2 };
  assert.deepEqual(
    [0, 1, 2, 30].map((minutes) => after(estimate, minutes)),
    [12, 11, 10, 10],
  );
  assert.equal(after({ minutes_left: null, at_most: false, minutes_a_trial: null }, 3), null);
});

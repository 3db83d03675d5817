// Questions in the form of settings become what study.toml has.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as questions from '../../static/researcher/question-list.js';

const AGE = { name: 'age', ask: 'How old?', kind: 'scale', min: 1, max: 5, when: 'before', screen_out_below: 2 };
const HAND = { name: 'hand', ask: 'Which?', kind: 'one_of', choices: ['left', 'right'], screen_out: ['left'] };

test('a question keeps as another kind what that kind has', () => {
  assert.deepEqual(questions.ofKind(AGE, 'text', ['name', 'ask', 'when']), {
    name: 'age',
    ask: 'How old?',
    when: 'before',
    kind: 'text',
  });
  const chosen = questions.ofKind(AGE, 'one_of', ['name', 'ask', 'choices']);
  assert.equal(chosen.choices.length, 2);
});

test('a new question has a name of its own', () => {
  assert.equal(questions.newQuestion('text', [{ name: 'Text_1' }]).name, 'text_2');
});

test('of a question that was just added it is not told that it is empty', () => {
  const problems = [{ reason: 'must not be empty' }, { reason: 'must have at least two choices' }];
  assert.deepEqual(questions.toTell(problems, true), problems.slice(1));
  assert.deepEqual(questions.toTell(problems, false), problems);
});

test('texts in several languages and back', () => {
  const several = questions.inLanguages(HAND, 'de');
  assert.deepEqual(several.ask, { de: 'Which?' });
  assert.deepEqual(several.choices[0], { value: 'left', label: { de: 'left' } });
  assert.ok(questions.isInLanguages(several));
  assert.deepEqual(questions.inOneLanguage(several, 'de'), HAND);
});

test('a choice that ends the session is renamed and removed with the choice', () => {
  assert.deepEqual(questions.withChoices(HAND, ['links', 'right']).screen_out, ['links']);
  assert.deepEqual(questions.withChoices(HAND, ['right', 'left']).screen_out, ['left']);
  assert.equal('screen_out' in questions.withChoices(HAND, ['right', 'both']), false);
  assert.equal('screen_out' in questions.withChoices(HAND, ['right']), false);
});

test('a choice is written as its text alone where the files have that', () => {
  assert.equal(questions.asWritten({ text: 'left', value: '' }), 'left');
  assert.deepEqual(questions.asWritten({ text: 'left', value: 'l' }), { value: 'l', label: 'left' });
  assert.deepEqual(questions.asWritten({ text: { en: 'no', de: 'nein' }, value: '' }), {
    value: 'no',
    label: { en: 'no', de: 'nein' },
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerOf } from '../../static/task/answers.js';

const t = (text, params = {}) => text.replace(/\{(\w+)\}/g, (_, name) => params[name]);
const asked = (kind, more = {}) => ({ name: 'q', kind, required: false, min: null, max: null, step: null, ...more });
const number = (text, more) => answerOf(asked('number', more), text, t);

test('a number is read as people write it, and never as another one', () => {
  for (const [text, value] of [
    ['3', 3],
    [' 3,5 ', 3.5],
    ['3.5', 3.5],
    ['-2', -2],
    ['−2', -2],
    ['+2', 2],
    ['1 000', 1000],
    ['1’000', 1000],
    ['0,125', 0.125],
    ['1.25', 1.25],
    ['007', 7],
  ]) {
    assert.deepEqual(number(text), { answer: value, problem: null }, text);
  }
  for (const text of ['x', '3 cm', '1e5', '.5', '1.2.3', '--1', '0x10', '1,000,000', 'NaN', 'Infinity']) {
    assert.equal(number(text).problem, 'Please enter a number.', text);
  }
  for (const text of ['1,000', '1.000', '12.500', '-999,999']) {
    assert.equal(number(text).problem, 'Please write the number without a sign between thousands.', text);
  }
});

test('limits and steps are told in words', () => {
  assert.equal(number('17', { min: 18, max: 99 }).problem, 'Please enter a number from 18 to 99.');
  assert.equal(number('17', { min: 18 }).problem, 'Please enter a number of at least 18.');
  assert.equal(number('100', { max: 99 }).problem, 'Please enter a number of at most 99.');
  assert.equal(number('1.5', { step: 1 }).problem, 'Please enter a whole number.');
  assert.equal(number('0.3', { step: 0.25 }).problem, 'Please enter a number in steps of 0.25.');
  assert.deepEqual(number('0.7', { step: 0.1 }), { answer: 0.7, problem: null });
  assert.deepEqual(number('0.35', { min: 0.05, step: 0.1 }), { answer: 0.35, problem: null });
});

test('what is left empty is no answer, and asked for only where it is required', () => {
  assert.deepEqual(answerOf(asked('text'), ' \n ', t), { answer: null, problem: null });
  assert.deepEqual(answerOf(asked('several_of'), [], t), { answer: [], problem: null });
  assert.deepEqual(answerOf(asked('consent'), false, t), { answer: false, problem: null });
  const must = { required: true };
  assert.equal(answerOf(asked('text', must), ' ', t).problem, 'Please answer this question.');
  assert.equal(answerOf(asked('scale', must), '', t).problem, 'Please answer this question.');
  assert.equal(answerOf(asked('several_of', must), [], t).problem, 'Please choose at least one answer.');
  assert.equal(answerOf(asked('consent', must), false, t).problem, 'Please tick this to go on.');
});

test('a step of a scale is a number, a choice a text', () => {
  assert.deepEqual(answerOf(asked('scale'), '3', t), { answer: 3, problem: null });
  assert.deepEqual(answerOf(asked('one_of'), '3', t), { answer: '3', problem: null });
});

/** Little room is told with what helps; too little for the study blocks. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { blockedWords, judgeRoom, turnedStage, whatHelps } from '../../static/arena/small-window.js';
import { plainText as t } from '../../static/arena/words.js';

const mouse = { touchOnly: false, mac: false };
const finger = { touchOnly: true, mac: false };
const place = (width, height, diameter, turned = 0) => ({ screen: { width, height }, diameter, turned });

test('a large arena needs no word, a small one does, and a study can set a least window', () => {
  assert.equal(judgeRoom(place(1280, 720, 476), null), null);
  assert.deepEqual(judgeRoom(place(390, 844, 240, 180), null), { blocked: false, turn: false });
  assert.deepEqual(judgeRoom(place(844, 390, 180, 240), null), { blocked: false, turn: true });
  assert.equal(judgeRoom(place(800, 500, 330), 500), null, 'as much as asked for is enough');
  for (const [width, height] of [
    [800, 499],
    [499, 800],
  ]) {
    assert.deepEqual(judgeRoom(place(width, height, 330, 900), 500), { blocked: true, turn: false });
  }
});

test('the stage of a turned device', () => {
  const lying = turnedStage({ width: 844, height: 340 }, { width: 644, height: 258 });
  assert.deepEqual(lying, { width: 340, height: 844 - 200 - 82 });
  const upright = turnedStage({ width: 390, height: 664 }, { width: 390, height: 400 });
  assert.ok(upright.width < 664 && upright.height < 390);
  assert.deepEqual(turnedStage({ width: 820, height: 1100 }, { width: 820, height: 900 }), {
    width: 1100,
    height: 620,
  });
  for (const size of Object.values(turnedStage({ width: 100, height: 90 }, { width: 0, height: 0 })))
    assert.ok(size > 0);
});

test('what helps fits the device', () => {
  assert.match(whatHelps({ turn: false }, mouse, t), /larger.*zoom out \(Ctrl −\)/);
  assert.match(whatHelps({ turn: false }, { ...mouse, mac: true }, t), /⌘ −/);
  assert.equal(whatHelps({ turn: true }, finger, t), 'Turn your device to see more.');
  assert.doesNotMatch(whatHelps({ turn: false }, finger, t), /Ctrl|window/);
  const words = blockedWords({ width: 640.4, height: 360 }, 500, mouse, t).join(' ');
  assert.match(words, /500 pixels or more.*640 × 360.*zoom out.*is kept/);
});

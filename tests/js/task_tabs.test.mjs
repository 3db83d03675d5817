import assert from 'node:assert/strict';
import test from 'node:test';

// Node's own takes as long as the machine is busy, and would keep this process alive: messages arrive at once here.
globalThis.BroadcastChannel = class {
  static all = [];
  constructor() {
    BroadcastChannel.all.push(this);
  }
  postMessage(data) {
    for (const other of BroadcastChannel.all) if (other !== this) queueMicrotask(() => other.onmessage({ data }));
  }
};

const { watchTabs } = await import('../../static/task/tabs.js');

test('a tab sends what it has not sent yet before another takes the session (F17)', async () => {
  const done = [];
  watchTabs({
    onTaken: () => {},
    send: async () => {
      await new Promise((resolve) => setTimeout(resolve, 400));
      done.push('sent');
    },
  });
  const other = watchTabs({ onTaken: () => {}, send: async () => {} });
  await other.ask();
  done.push('taken');
  assert.deepEqual(done, ['sent', 'taken']);
});

test('a tab hears that another has taken the session', async () => {
  const taken = new Promise((resolve) => watchTabs({ onTaken: resolve, send: async () => {} }));
  watchTabs({ onTaken: () => {}, send: async () => {} }).taken('S-1');
  assert.equal(await taken, 'S-1');
});

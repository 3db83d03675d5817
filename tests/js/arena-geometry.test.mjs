/** The arena's geometry: coordinates, the circle, groups, the view. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as geometry from '../../static/arena/geometry.js';
import { between, random } from './arena-random.mjs';

const { RADIUS, clampToCircle, fitShift, gather, inPolygon, isInside, limitView, reveal, toArena, toPixels } = geometry;
const near = (a, b, tolerance = 1e-9) => {
  assert.ok(Math.hypot(a.x - b.x, a.y - b.y) <= tolerance, JSON.stringify([a, b]));
};

function pointIn(rng, radius = RADIUS) {
  const turn = between(rng, 0, 2 * Math.PI);
  const length = radius * Math.sqrt(rng());
  return { x: length * Math.cos(turn), y: length * Math.sin(turn) };
}

test('pixels -> arena units -> pixels, and back, is exact to 1e-9 at any zoom', () => {
  const rng = random(1);
  for (let round = 0; round < 5000; round += 1) {
    const box = { x: between(rng, 100, 1300), y: between(rng, 100, 800), diameter: between(rng, 200, 1400) };
    const view = { zoom: between(rng, 1, geometry.MAX_ZOOM), x: between(rng, -1, 1), y: between(rng, -1, 1) };
    const pixel = { x: between(rng, 0, 2560), y: between(rng, 0, 1440) };
    near(toPixels(toArena(pixel, view, box), view, box), pixel);
    const point = pointIn(rng);
    near(toArena(toPixels(point, view, box), view, box), point, 1e-12);
  }
});

test('arena units have the centre at 0, a diameter of 1, and y upwards', () => {
  const box = { x: 400, y: 300, diameter: 500 };
  near(toPixels({ x: 0, y: 0 }, geometry.WHOLE, box), { x: 400, y: 300 });
  near(toPixels({ x: 0.5, y: 0.5 }, geometry.WHOLE, box), { x: 650, y: 50 });
});

test('clamping keeps what is inside and brings the rest to the edge, in the same direction', () => {
  const rng = random(2);
  for (let round = 0; round < 5000; round += 1) {
    const point = pointIn(rng, 2);
    const clamped = clampToCircle(point);
    assert.ok(isInside(clamped));
    if (isInside(point)) assert.strictEqual(clamped, point);
    else {
      assert.ok(Math.abs(Math.hypot(clamped.x, clamped.y) - RADIUS) < 1e-9);
      assert.ok(Math.abs(clamped.x * point.y - clamped.y * point.x) < 1e-9);
    }
  }
});

test('a fitted shift keeps every point inside, and is the wanted one where that fits', () => {
  const rng = random(3);
  for (let round = 0; round < 2000; round += 1) {
    const points = Array.from({ length: 1 + Math.floor(rng() * 20) }, () => pointIn(rng));
    const wanted = pointIn(rng, 1.5);
    const shift = fitShift(points, wanted);
    const moved = points.map((point) => ({ x: point.x + shift.x, y: point.y + shift.y }));
    for (const point of moved) assert.ok(point.x ** 2 + point.y ** 2 <= RADIUS ** 2 * (1 + 1e-9));
    const fits = points.every((point) => isInside({ x: point.x + wanted.x, y: point.y + wanted.y }));
    if (fits) assert.deepEqual(shift, wanted);
  }
});

test('gathered clips do not overlap where there is room, and always fit into the circle', () => {
  const pitch = { x: 0.09, y: 0.07 };
  for (let count = 1; count <= 120; count += 1) {
    const cells = gather(count, pitch);
    assert.equal(cells.length, count);
    near(cells[0], { x: 0, y: 0 });
    for (const cell of cells) assert.ok(isInside(cell));
    if (count > 20) continue;
    for (let i = 0; i < count; i += 1) {
      for (let j = 0; j < i; j += 1) {
        const dx = Math.abs(cells[i].x - cells[j].x);
        const dy = Math.abs(cells[i].y - cells[j].y);
        assert.ok(dx >= pitch.x - 1e-9 || dy >= pitch.y - 1e-9);
      }
    }
  }
});

test('a lasso catches what it encloses, whatever its shape', () => {
  const u = [
    [-0.4, -0.4],
    [0.4, -0.4],
    [0.4, 0.4],
    [0.2, 0.4],
    [0.2, -0.2],
    [-0.2, -0.2],
    [-0.2, 0.4],
    [-0.4, 0.4],
  ].map(([x, y]) => ({ x, y }));
  assert.ok(inPolygon({ x: -0.3, y: 0.3 }, u));
  assert.ok(inPolygon({ x: 0, y: -0.3 }, u));
  assert.ok(!inPolygon({ x: 0, y: 0.2 }, u), 'between the arms');
  assert.ok(!inPolygon({ x: 0.6, y: 0 }, u));
  assert.ok(!inPolygon({ x: 0, y: 0 }, []));
});

test('zooming keeps the point under the pointer; zooming out ends at the whole', () => {
  const rng = random(4);
  const extent = { x: 1.2, y: 0.6 };
  const box = { x: 600, y: 300, diameter: 500 };
  for (let round = 0; round < 2000; round += 1) {
    const start = limitView({ zoom: between(rng, 1, 4), x: between(rng, -1, 1), y: between(rng, -1, 1) }, extent);
    const point = { x: between(rng, -0.5, 0.5), y: between(rng, -0.5, 0.5) };
    const closer = geometry.zoomAround(start, between(rng, 1, 2), point, extent);
    near(toPixels(point, closer, box), toPixels(point, start, box), 1e-6);
    assert.deepEqual(geometry.zoomAround(closer, 1e-6, point, extent), geometry.WHOLE);
  }
});

test('no view shows more than the stage, and revealing brings a point into sight', () => {
  const rng = random(5);
  const extent = { x: 1.2, y: 0.6 };
  for (let round = 0; round < 2000; round += 1) {
    const view = limitView({ zoom: between(rng, 1, 8), x: between(rng, -3, 3), y: between(rng, -3, 3) }, extent);
    const point = { x: between(rng, -1.2, 1.2), y: between(rng, -0.6, 0.6) };
    for (const each of [view, reveal(view, point, extent)]) {
      assert.ok(Math.abs(each.x) + extent.x / each.zoom <= extent.x + 1e-9);
      assert.ok(Math.abs(each.y) + extent.y / each.zoom <= extent.y + 1e-9);
    }
    const shown = reveal(view, point, extent);
    assert.ok(Math.abs(point.x - shown.x) <= extent.x / shown.zoom + 1e-9);
    assert.ok(Math.abs(point.y - shown.y) <= extent.y / shown.zoom + 1e-9);
  }
});

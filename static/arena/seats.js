// @ts-check
/**
 * Where the circle lies in the stage, how large a clip is drawn, and where the clips wait: a pure function of the
 * stage's size, the number of clips and their shape.
 *
 * A wide stage has its seats to the left and right of the circle, in columns that follow its curve; a tall one has
 * them above and below. The circle is made as large as the seats allow.
 *
 * A clip belongs to the arena when its centre is inside the circle, whatever its size: the longest distance is then
 * one diameter for 3 clips as for 100. A clip at the edge therefore reaches over the line by half its size; the
 * stage keeps that much room free on every side, so that it never lies under a control or over a waiting clip.
 *
 * @typedef {import('./geometry.js').Point} Point
 * @typedef {{width: number, height: number}} Size pixels
 * @typedef {{box: import('./geometry.js').Box, item: Size, seats: Point[]}} SeatPlan box and item in pixels, seats in arena
 *   units, in clockwise order, the column nearest to the circle first
 * @typedef {{across: number, along: number, column: number}} Seat pixels from the circle's centre
 * @typedef {{diameter: number, seats: Seat[]}} Circle pixels
 */

const EDGE = 6; // free pixels along the stage's border
const COVERAGE = 0.5; // share of the circle that all clips together would cover
const MAX_SHARE = 0.18; // of the diameter: few clips do not grow beyond this (square root of width times height)
const MIN_PIXELS = 46; // pixels: many clips do not shrink below this where there is room (53 x 40 at 4:3)

/**
 * @param {number} width of the stage, pixels
 * @param {number} height of the stage, pixels
 * @param {number} count number of clips, at least 1
 * @param {number} aspect width / height of a clip
 * @returns {SeatPlan}
 */
export function seatPlan(width, height, count, aspect) {
  const centre = { x: Math.floor(width / 2), y: Math.floor(height / 2) };
  /** @param {number} diameter @param {number} shrink */
  const size = (diameter, shrink) => itemSize(diameter, count, aspect, shrink);
  /** @param {number} diameter @param {number} shrink */
  const turned = (diameter, shrink) => {
    const item = size(diameter, shrink);
    return { width: item.height, height: item.width };
  };
  /** @type {{circle: Circle, isTall: boolean, shrink: number} | null} */
  let best = null;
  for (let shrink = 1; shrink > 0.25; shrink *= 0.88) {
    const wide = largestCircle(width, height, count, (diameter) => size(diameter, shrink));
    const tall = largestCircle(height, width, count, (diameter) => turned(diameter, shrink));
    for (const { circle, isTall } of [
      { circle: wide, isTall: false },
      { circle: tall, isTall: true },
    ]) {
      if (circle && (!best || circle.diameter > best.circle.diameter + 1)) best = { circle, isTall, shrink };
    }
    if (best && best.circle.diameter >= 0.72 * Math.min(width, height)) break;
  }
  if (!best) return crampedSeats(width, height, count, aspect, centre);
  const { circle, isTall, shrink } = best;
  const points = circle.seats.map(({ across, along }) =>
    isTall ? { x: along, y: -across } : { x: across, y: -along },
  );
  return {
    box: { ...centre, diameter: circle.diameter },
    item: size(circle.diameter, shrink),
    seats: clockwise(points, circle.seats).map((point) => ({
      x: point.x / circle.diameter,
      y: point.y / circle.diameter,
    })),
  };
}

/** @param {number} diameter @param {number} count @param {number} aspect @param {number} shrink @returns {Size} */
function itemSize(diameter, count, aspect, shrink) {
  const filling = Math.sqrt((COVERAGE * Math.PI * 0.25 * diameter * diameter) / count);
  const side = shrink * Math.min(MAX_SHARE * diameter, Math.max(filling, MIN_PIXELS));
  const width = Math.max(8, Math.round(side * Math.sqrt(aspect)));
  return { width, height: Math.max(8, Math.round(width / aspect)) };
}

/**
 * The largest circle, with its seats, for seats at both ends of the first axis ("across"), or null.
 * @param {number} across
 * @param {number} along
 * @param {number} count
 * @param {(diameter: number) => Size} size
 * @returns {Circle | null}
 */
function largestCircle(across, along, count, size) {
  for (let diameter = 4 * Math.floor(Math.min(across, along) / 4); diameter >= 60; diameter -= 4) {
    const item = size(diameter);
    if (diameter + item.width + 2 * EDGE > across || diameter + item.height + 2 * EDGE > along) continue;
    const seats = seatsBeside(diameter, across, along, item, count);
    if (seats) return { diameter, seats };
  }
  return null;
}

/**
 * Half of the seats on each side of the circle; null if they do not fit.
 * @param {number} diameter
 * @param {number} across
 * @param {number} along
 * @param {Size} item
 * @param {number} count
 * @returns {Seat[] | null}
 */
function seatsBeside(diameter, across, along, item, count) {
  const right = seatsOnSide(1, diameter, across, along, item, Math.ceil(count / 2));
  const left = seatsOnSide(-1, diameter, across, along, item, Math.floor(count / 2));
  return right && left ? [...right, ...left] : null;
}

/**
 * Seats in rows on one side, each row beginning at the circle's edge; the rows in the middle are filled first.
 * @param {1|-1} side
 * @param {number} diameter
 * @param {number} across
 * @param {number} along
 * @param {Size} item
 * @param {number} count
 * @returns {Seat[] | null}
 */
function seatsOnSide(side, diameter, across, along, item, count) {
  const gap = Math.max(4, Math.round(item.height * 0.12));
  const clear = diameter / 2 + item.width / 2 + gap; // a clip at the edge reaches this far
  const mostRows = Math.floor((along - 2 * EDGE + gap) / (item.height + gap));
  const rowCount = Math.min(mostRows, count);
  const pitch = Math.min((along - 2 * EDGE - item.height) / Math.max(1, rowCount - 1), 1.6 * (item.height + gap));
  const rows = Array.from({ length: rowCount }, (_, index) => {
    const offset = (index - (rowCount - 1) / 2) * pitch;
    const nearest = Math.max(0, Math.abs(offset) - item.height / 2);
    const edge = nearest < clear ? Math.sqrt(clear * clear - nearest * nearest) : gap / 2;
    const room = Math.floor((across / 2 - EDGE - edge + gap) / (item.width + gap));
    return { offset, first: edge + item.width / 2, room };
  }).sort((a, b) => Math.abs(a.offset) - Math.abs(b.offset));
  const seats = [];
  const mostColumns = Math.max(0, ...rows.map((row) => row.room));
  for (let column = 0; column < mostColumns && seats.length < count; column += 1) {
    for (const row of rows) {
      if (column >= row.room || seats.length === count) continue;
      const distance = row.first + column * (item.width + gap);
      seats.push({ across: side * distance, along: row.offset, column });
    }
  }
  return seats.length === count ? seats : null;
}

/**
 * Nearest column first; within a column clockwise from the top.
 * @param {Point[]} points
 * @param {Seat[]} seats
 * @returns {Point[]}
 */
function clockwise(points, seats) {
  /** @param {Point} point */
  const angle = (point) => (Math.atan2(point.x, point.y) + 2 * Math.PI) % (2 * Math.PI);
  return points
    .map((point, index) => ({ point, column: seats[index].column, angle: angle(point) }))
    .sort((a, b) => a.column - b.column || a.angle - b.angle)
    .map(({ point }) => point);
}

/**
 * A stage too small for seats apart: all clips wait in a ring just outside the circle, overlapping.
 * @param {number} width
 * @param {number} height
 * @param {number} count
 * @param {number} aspect
 * @param {Point} centre
 * @returns {SeatPlan}
 */
function crampedSeats(width, height, count, aspect, centre) {
  const diameter = Math.max(40, 2 * Math.floor(Math.min(width, height) * 0.35));
  const seats = Array.from({ length: count }, (_, index) => {
    const turn = (2 * Math.PI * index) / count;
    return { x: 0.6 * Math.sin(turn), y: 0.6 * Math.cos(turn) };
  });
  return { box: { ...centre, diameter }, item: itemSize(diameter, count, aspect, 0.7), seats };
}

/**
 * One shape for all clips of a trial, so that none looks larger than another: the median, within reason.
 * @param {Size[]} clips
 */
export function typicalAspect(clips) {
  const aspects = clips.map((clip) => clip.width / clip.height).filter((each) => each > 0 && Number.isFinite(each));
  const median = aspects.sort((a, b) => a - b)[Math.floor(aspects.length / 2)] ?? 4 / 3;
  return Math.min(2.4, Math.max(0.42, median));
}

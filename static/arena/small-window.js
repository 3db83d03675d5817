// @ts-check
/**
 * Whether there is room for the arena, and what helps where there is not. A small arena is told and can be used; below
 * a study's `min_window` nothing can be done until the window is larger.
 *
 * @typedef {{width: number, height: number}} Size CSS pixels
 * @typedef {import('../task/text.js').Translate} Translate
 */

const SMALL = 280; // pixels of diameter; below that clips are hard to see
const LOW = 544; // pixels: in a lower window the bar is beside the stage (34rem in arena.css)
const LOW_BARS = { width: 200, height: 90 }; // about what the bars then take from the stage

/**
 * @param {object} place
 * @param {Size} place.screen the window's inside
 * @param {number} place.diameter of the circle, pixels
 * @param {number} place.turned what the diameter would be with width and height exchanged
 * @param {number|null} minWindow the least that each side of the window may have, pixels
 * @returns {{blocked: boolean, turn: boolean}|null} null where there is room; turn: whether turning the device helps
 */
export function judgeRoom({ screen, diameter, turned }, minWindow) {
  const blocked = minWindow ? Math.min(screen.width, screen.height) < minWindow : false;
  if (!blocked && diameter >= SMALL) return null;
  return { blocked, turn: !blocked && turned > 1.2 * diameter };
}

/**
 * About the size that the stage would have if the device were turned.
 *
 * @param {Size} screen the window's inside
 * @param {Size} stage
 * @returns {Size}
 */
export function turnedStage(screen, stage) {
  const bars = { width: screen.width - stage.width, height: screen.height - stage.height };
  const turned = { width: screen.height, height: screen.width };
  const isLow = turned.width > turned.height && turned.height < LOW;
  const taken = isLow ? LOW_BARS : { width: 0, height: bars.width + bars.height };
  return { width: Math.max(1, turned.width - taken.width), height: Math.max(1, turned.height - taken.height) };
}

/**
 * @param {{turn: boolean}} room
 * @param {import('./inputs.js').Inputs} inputs
 * @param {Translate} t
 * @returns {string} what helps, in words
 */
export function whatHelps({ turn }, inputs, t) {
  if (inputs.touchOnly) {
    return turn ? t('Turn your device to see more.') : t('A device with a larger screen helps.');
  }
  const keys = inputs.mac ? '⌘ −' : t('Ctrl −');
  const words = t('Make the window larger, or zoom out ({keys}).', { keys });
  return turn ? `${words} ${t('Or turn your device.')}` : words;
}

/**
 * @param {Size} screen
 * @param {number} minWindow
 * @param {import('./inputs.js').Inputs} inputs
 * @param {Translate} t
 * @returns {string[]} a heading, and what is wrong and goes on
 */
export function blockedWords(screen, minWindow, inputs, t) {
  const [width, height] = [Math.round(screen.width), Math.round(screen.height)];
  return [
    t('This window is too small for this study'),
    t('It needs {n} pixels or more in both directions, and has {width} × {height}.', { n: minWindow, width, height }),
    whatHelps({ turn: false }, inputs, t),
    t('Everything you have done is kept. The task continues as soon as there is enough room.'),
  ];
}

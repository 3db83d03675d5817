// @ts-check
/**
 * What the participant works with, so that words fit it: a finger has no Esc, a Mac no Ctrl+Z, and keys have other
 * names in other languages (the texts bring those).
 *
 * @typedef {{touchOnly: boolean, mac: boolean}} Inputs
 * @typedef {import('../task/text.js').Translate} Translate
 * @typedef {{userAgent: string, platform?: string, userAgentData?: {platform?: string}}} NavigatorOfSome userAgentData:
 *   not in every browser
 */

/**
 * @param {{navigator: NavigatorOfSome, matchMedia: (query: string) => {matches: boolean}}} page
 * @returns {Inputs}
 */
export function inputsOf({ navigator, matchMedia } = window) {
  /** @param {string} kind */
  const has = (kind) => matchMedia(`(any-pointer: ${kind})`).matches;
  const platform = navigator.userAgentData?.platform ?? navigator.platform ?? '';
  // A tablet of Apple's calls itself a Mac; only a mouse or a trackpad makes one of it.
  return { touchOnly: has('coarse') && !has('fine'), mac: /mac/i.test(platform) && has('fine') };
}

/** @param {Inputs} inputs @param {Translate} t @returns {{undo: string, redo: string}} */
export function shortcuts({ mac }, t) {
  return mac ? { undo: '⌘Z', redo: '⇧⌘Z' } : { undo: t('Ctrl+Z'), redo: t('Ctrl+Y') };
}

/** @param {Inputs} inputs @param {Translate} t @returns {[string, string][]} what can be done, and how */
export function helpLines(inputs, t) {
  if (inputs.touchOnly) {
    return [
      [t('Move'), t('Drag a clip. Or tap it, then tap where it should go.')],
      [t('Several'), t('Draw a line around clips; then drag one of them.')],
      [t('Stacked clips'), t('Tap the upper one, wait a moment, and tap again: now you have the one beneath it.')],
      [t('Look closely'), t('A double tap or a long press shows a clip large.')],
      [t('Zoom'), t('Spread two fingers, or use + and − below.')],
      [t('Move the view'), t('Drag with two fingers.')],
    ];
  }
  return [
    [t('Move'), t('Drag a clip. Or click it, then click where it should go.')],
    [t('Several'), t('Draw a line around clips, or Shift-click them; then drag one of them.')],
    [t('Stacked clips'), t('Click the upper one, wait a moment, and click again: now you have the one beneath it.')],
    [t('Look closely'), t('Double click, Enter or a long press shows a clip large.')],
    [t('Zoom'), t('Mouse wheel, two fingers, or + and −. 0 shows the whole.')],
    [t('Move the view'), t('Two fingers, or the middle mouse button.')],
    [t('Keyboard'), t('Tab: next clip. P: pick up, put down. Arrows: move, with Shift far. Space: play. S: select.')],
    [t('Take back'), t('{keys}. Delete puts a clip back outside.', { keys: shortcuts(inputs, t).undo })],
  ];
}

// @ts-check
/**
 * What plays when: turns gestures on clips into playbacks, by the study's rule.
 *
 * - hover:  the clip under the mouse, in focus, or tapped plays; one at a time.
 * - click:  a click, tap or the space bar starts and stops it; one at a time.
 * - always: up to eight play at once. Where there are more clips they take turns, each playing to its end; a clip that
 *           is hovered, focused or tapped gets its turn at once. Who asked their system for less motion gets "hover".
 *
 * @typedef {import('./player.js').How} How
 * @typedef {'hover'|'leave'|'focus'|'blur'|'tap'|'away'|'grab'|'show'|'space'} Gesture
 */

export const ALWAYS_AT_ONCE = 8;

/**
 * @param {'hover'|'click'|'always'} mode
 * @param {string[]} clips in seat order
 * @param {import('./player.js').Player} player
 * @param {(id: string) => string[]} likely clips that may well be looked at after this one
 * @returns {{attend: (id: string|null, gesture: Gesture) => void, ended: (id: string) => void, begin: () => void}}
 */
export function createAttention(mode, clips, player, likely) {
  let next = 0; // whose turn it is under "always"

  /** @param {string} id @param {How} how */
  const toggle = (id, how) => (player.isPlaying(id) && !player.isHushed(id) ? player.stop(id) : player.start(id, how));
  const stopTapped = () => {
    for (const id of player.playing()) player.stop(id, ['tap']);
  };

  /** @param {string} id @param {How} how */
  function startAndForesee(id, how) {
    player.start(id, how);
    player.warm(likely(id));
  }

  /** @type {Record<typeof mode, Partial<Record<Gesture, (id: string) => void>>>} */
  const rules = {
    hover: {
      hover: (id) => startAndForesee(id, 'hover'),
      leave: (id) => player.stop(id, ['hover']),
      focus: (id) => startAndForesee(id, 'focus'),
      blur: (id) => player.stop(id, ['focus']),
      tap: (id) => player.start(id, 'tap'),
      grab: (id) => player.start(id, 'tap'),
      show: (id) => player.start(id, 'tap'),
      // A key that asks for the clip may bring sound, which mere focus may not.
      space: (id) => toggle(id, player.hasSound(id) ? 'tap' : 'focus'),
      away: stopTapped,
    },
    click: {
      tap: (id) => toggle(id, 'click'),
      space: (id) => toggle(id, 'click'),
      show: (id) => player.start(id, 'click'),
    },
    always: {
      hover: (id) => player.start(id, 'hover'),
      focus: (id) => player.start(id, 'focus'),
      tap: (id) => player.start(id, 'tap'),
      show: (id) => player.start(id, 'tap'),
      // A key that asks for the clip may bring sound, which mere focus may not.
      space: (id) => toggle(id, player.hasSound(id) ? 'tap' : 'focus'),
    },
  };

  function fill() {
    for (let tried = 0; tried < clips.length && player.playing().length < ALWAYS_AT_ONCE; tried += 1) {
      const id = clips[next % clips.length];
      next += 1;
      if (!player.isPlaying(id)) player.start(id, 'always');
    }
  }

  return {
    // Only "away" comes without a clip, and it asks for none.
    attend: (id, gesture) => rules[mode][gesture]?.(/** @type {string} */ (id)),
    ended(id) {
      if (mode !== 'always' || clips.length <= ALWAYS_AT_ONCE) return;
      player.stop(id);
      fill();
    },
    begin() {
      if (mode === 'always') fill();
    },
  };
}

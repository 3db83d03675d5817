// @ts-check
/** Shows what small-window.js finds: a note over a small arena, and words in place of one that a study does not allow. */
import { blockedWords, judgeRoom, turnedStage, whatHelps } from './small-window.js';
import { make } from './view.js';

let noteClosed = false; // once a page: whoever has read that the arena is small need not read it at every trial

/**
 * @param {import('./view.js').ArenaView} view
 * @param {{minWindow: number|null, inputs: import('./inputs.js').Inputs, t: import('../task/text.js').Translate}} options
 */
export function createRoomNotes(view, { minWindow, inputs, t }) {
  return {
    /**
     * The window's inside is measured without what a finger magnifies or a keyboard on the screen covers.
     * @param {import('./small-window.js').Size} stage
     * @param {number} diameter of the circle in it, pixels
     * @param {(stage: import('./small-window.js').Size) => number} diameterIn what it would be in a stage of this size
     * @returns {boolean} whether the study allows no arena as small as this
     */
    tell(stage, diameter, diameterIn) {
      const screen = { width: document.documentElement.clientWidth, height: document.documentElement.clientHeight };
      const place = { screen, diameter, turned: diameterIn(turnedStage(screen, stage)) };
      const room = judgeRoom(place, minWindow);
      const blocked = room?.blocked ?? false;
      view.note.hidden = room === null || blocked || noteClosed;
      if (room && !view.note.hidden)
        view.noteWords.textContent = `${t('The arena is small here.')} ${whatHelps(room, inputs, t)}`;
      if (blocked && minWindow) {
        const [heading, ...words] = blockedWords(screen, minWindow, inputs, t);
        const dir = 'auto';
        view.blocked.replaceChildren(make('h2', { dir }, heading), ...words.map((text) => make('p', { dir }, text)));
      }
      return blocked;
    },
    close() {
      noteClosed = true;
      view.note.hidden = true;
    },
  };
}

/**
 * Plays clips out of a small pool of <video> elements that lie over the posters, and keeps a record of what was played.
 *
 * A clip keeps its element until another clip needs one, so playing it again starts at once; clips that are likely to
 * be played next can be made ready. Every playback starts at the first frame; the poster stays until that is there.
 *
 * @typedef {{clip: string, t: number, ms: number, how: string, ended: boolean}} Play
 * @typedef {'hover'|'focus'|'tap'|'click'|'always'|'enlarged'} How
 */

const SPARE = 6; // elements beyond those that play: the last ones seen, and the ones made ready
const EXPLICIT = new Set(['click', 'tap', 'enlarged']); // only these gestures may bring sound

/**
 * @param {object} options
 * @param {(id: string) => {sources: {src: string, type: string}[]}} options.clip
 * @param {(id: string) => HTMLElement} options.host element over whose poster the clip plays
 * @param {{play: string, sound: boolean, loop: boolean}} options.playback
 * @param {number} options.atOnce how many clips may play at the same time
 * @param {() => number} options.now ms since the trial was shown
 * @param {(id: string) => void} options.onWatched a playback reached the clip's end
 * @param {(id: string, share: number) => void} options.onProgress how much of the clip a playback has shown, 0 to 1
 * @param {(id: string) => void} options.onEnded a playback that does not loop came to its end
 * @param {(id: string) => void} options.onError none of the clip's sources can be played
 */
export function createPlayer({ clip, host, playback, atOnce, now, onWatched, onProgress, onEnded, onError }) {
  /** @type {{video: HTMLVideoElement, id: string|null, source: number, used: number, play: object|null}[]} */
  const pool = [];
  const plays = [];

  function makeSlot() {
    const video = document.createElement('video');
    video.className = 'clip__video';
    video.playsInline = true;
    video.muted = true;
    video.preload = 'auto';
    video.disablePictureInPicture = true;
    video.tabIndex = -1;
    video.setAttribute('aria-hidden', 'true');
    const slot = { video, id: null, source: 0, used: 0, play: null };
    video.addEventListener('timeupdate', () => follow(slot));
    video.addEventListener('seeked', () => follow(slot));
    video.addEventListener('ended', () => finished(slot));
    video.addEventListener('playing', () => running(slot));
    video.addEventListener('waiting', () => pausing(slot));
    video.addEventListener('pause', () => pausing(slot));
    video.addEventListener('error', () => tryNextSource(slot));
    return slot;
  }

  /** The clip's own slot, a fresh one, or the one that has been idle for longest. */
  function slotFor(id) {
    const own = pool.find((slot) => slot.id === id);
    if (own) return own;
    if (pool.length < atOnce + SPARE) pool.push(makeSlot());
    const [slot] = pool.filter((each) => !each.play).sort((a, b) => a.used - b.used);
    slot.id = id;
    load(slot, 0);
    return slot;
  }

  function load(slot, source) {
    const sources = clip(slot.id).sources;
    let index = source;
    while (index < sources.length && slot.video.canPlayType(sources[index].type) === '') index += 1;
    slot.source = index;
    if (index >= sources.length) return false;
    slot.video.src = sources[index].src;
    return true;
  }

  function tryNextSource(slot) {
    if (!slot.id || !slot.video.hasAttribute('src')) return;
    const id = slot.id;
    const play = slot.play;
    if (load(slot, slot.source + 1)) {
      if (play) begin(slot);
      return;
    }
    if (play) end(slot);
    release(slot);
    onError(id);
  }

  /** Show the video once its first frame is there, not before: no black flash over the poster. */
  function begin(slot) {
    const { video, play } = slot;
    const show = () => {
      if (slot.play === play) video.classList.add('is-shown');
    };
    if (video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && !video.seeking) show();
    else if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(show);
    else video.addEventListener('playing', show, { once: true });
    video.play().catch((error) => {
      // AbortError: the playback was ended, or its source replaced, before it began. NotAllowedError: the browser wants
      // a gesture first. In both cases the poster stays, and nothing was played.
      if (slot.play === play && error.name === 'NotAllowedError') end(slot);
    });
  }

  function running(slot) {
    if (!slot.play) return;
    slot.play.t ??= now();
    slot.play.since ??= now();
  }

  function pausing(slot) {
    if (!slot.play || slot.play.since === null) return;
    slot.play.ms += now() - slot.play.since;
    slot.play.since = null;
  }

  /** A looping video fires no "ended": its time running backwards says that it went round. */
  function follow(slot) {
    const { play, video } = slot;
    if (!play || play.t === null) return;
    if (video.currentTime + 0.02 < play.reached) watched(slot);
    play.reached = video.currentTime;
    if (!play.ended && video.duration > 0) onProgress(slot.id, video.currentTime / video.duration);
  }

  function finished(slot) {
    if (!slot.play) return;
    pausing(slot);
    watched(slot);
    onEnded(slot.id);
  }

  function watched(slot) {
    if (slot.play.ended) return;
    slot.play.ended = true;
    onWatched(slot.id);
  }

  function end(slot) {
    const { play, video } = slot;
    if (!play) return;
    follow(slot);
    pausing(slot);
    slot.play = null;
    video.pause();
    video.classList.remove('is-shown');
    if (!play.ended) onProgress(slot.id, 0);
    if (video.currentTime > 0) video.currentTime = 0; // now, so that the first frame is there when it is wanted again
    if (play.t !== null) plays.push(record(slot.id, play));
  }

  const record = (id, { t, ms, how, ended }) => ({ clip: id, t: Math.round(t), ms: Math.round(ms), how, ended });

  function release(slot) {
    slot.id = null;
    slot.video.removeAttribute('src');
    slot.video.load(); // lets go of the decoder and its buffers
    slot.video.remove();
  }

  const player = {
    /** @param {string} id @param {How} how */
    start(id, how) {
      const playing = pool.filter((slot) => slot.play).sort((a, b) => a.used - b.used);
      const current = playing.find((slot) => slot.id === id);
      const unmutes = playback.sound && EXPLICIT.has(how) && current?.video.muted;
      if (current && !current.video.ended && !unmutes) return;
      if (current) end(current);
      else if (playing.length >= atOnce) end(playing[0]);
      const slot = slotFor(id);
      if (slot.source >= clip(id).sources.length) {
        release(slot);
        onError(id);
        return;
      }
      const { video } = slot;
      slot.used = now();
      slot.play = { t: null, since: null, ms: 0, how, ended: false, reached: 0 };
      video.muted = !(playback.sound && EXPLICIT.has(how));
      video.loop = playback.loop;
      if (video.parentElement !== host(id)) host(id).append(video);
      begin(slot);
    },
    /** @param {string[]} ids clips to make ready, so that they start at once; at most four */
    warm(ids) {
      for (const id of ids.slice(0, SPARE - 2)) slotFor(id).used = now();
    },
    /** @param {string} id @param {How[]} [only] end the playback only if one of these gestures began it */
    stop(id, only) {
      const slot = pool.find((each) => each.id === id && each.play);
      if (slot && (!only || only.includes(slot.play.how))) end(slot);
    },
    stopAll() {
      for (const slot of pool) end(slot);
    },
    /** @returns {boolean} whether the clip is playing (one that came to its end is not) */
    isPlaying: (id) => pool.some((slot) => slot.id === id && slot.play && !slot.video.ended),
    /** @returns {string[]} clips that are playing */
    playing: () => pool.filter((slot) => slot.play && !slot.video.ended).map((slot) => slot.id),
    /** @returns {Play[]} all playbacks so far, those under way included */
    plays() {
      const under = pool.filter((slot) => slot.play && slot.play.t !== null);
      return [
        ...plays,
        ...under.map(({ id, play }) => {
          return record(id, { ...play, ms: play.ms + (play.since === null ? 0 : now() - play.since) });
        }),
      ];
    },
    destroy() {
      for (const slot of pool) {
        end(slot);
        if (slot.id) release(slot);
      }
      pool.length = 0;
    },
  };
  return player;
}

// @ts-check
/**
 * Plays clips out of a small pool of <video> elements that lie over the posters, and keeps a record of what was played.
 *
 * A clip keeps its element until another clip needs one, so playing it again starts at once; clips that are likely to
 * be played next can be made ready. Every playback starts at the first frame; the poster stays until that is there.
 *
 * A picture never plays. A sound plays out of a <video> that nobody sees, under its poster: the host element gets
 * `data-playing` meanwhile. It may be heard whatever began it, and one is heard at a time.
 *
 * Over 300 lines: the pool, its videos and the record of plays change together.
 *
 * @typedef {{clip: string, t: number, ms: number, how: string, ended: boolean, muted: boolean}} Play `muted`: its sound
 *   was off at any time
 * @typedef {'hover'|'focus'|'tap'|'click'|'always'|'enlarged'} How
 * @typedef {import('../task/session.js').Source} Source
 * @typedef {{muted: boolean, volume: number}} Sound volume: 0 to 1
 * @typedef {object} Playing a playback under way, times in ms since the trial was shown
 * @property {number|null} t when its first frame ran
 * @property {number|null} since when it last began to run, null while it does not
 * @property {number} ms how long it ran before that
 * @property {How} how
 * @property {boolean} ended whether it went through the clip at least once
 * @property {number} reached seconds of the clip
 * @property {boolean} counted whether it was reported as watched
 * @property {boolean} muted
 * @property {boolean} silent whether the present pass was without sound at any time
 * @typedef {object} Slot
 * @property {HTMLVideoElement} video
 * @property {string|null} id the clip
 * @property {number} source index among its sources
 * @property {number} used when it was wanted last
 * @property {Playing|null} play
 * @property {boolean} hushed its playback began with a gesture that may bring no sound
 * @property {number} seen seconds of the clip at the last look
 * @property {Source[]} sources
 * @typedef {ReturnType<typeof createPlayer>} Player
 */

import { createPatience } from './load-timeout.js';

const TICK = 500; // ms between two looks at whether what should play does
const AUDIBLE = 0.05; // of full volume
const LOUD = { muted: false, volume: 1 };
const SPARE = 6; // elements beyond those that play: the last ones seen, and the ones made ready
/** @type {Set<How>} */
const EXPLICIT = new Set(['click', 'tap', 'enlarged']); // only these gestures may bring the sound of a clip

/**
 * @param {object} options
 * @param {(id: string) => {sources: Source[], kind?: import('../task/session.js').Kind}} options.clip
 * @param {(id: string) => HTMLElement} options.host element over whose poster the clip plays
 * @param {{play: string, sound: boolean, loop: boolean}} options.playback
 * @param {number} options.atOnce how many clips may play at the same time
 * @param {(id: string) => boolean} options.audible whether the clip has sound that the study wants heard
 * @param {Sound} [options.sound] the participant's own setting
 * @param {() => number} options.now ms since the trial was shown
 * @param {(id: string) => void} options.onWatched a playback went from the clip's start to its end, heard all the way where the
 *   clip is audible
 * @param {(id: string) => void} options.onUnheard a playback that was asked to bring sound did not
 * @param {(id: string, share: number) => void} options.onProgress how much of the clip a playback has shown, 0 to 1
 * @param {(id: string) => void} options.onEnded a playback that does not loop came to its end
 * @param {(id: string) => void} options.onError none of the clip's sources can be played
 */
export function createPlayer({ clip, host, playback, atOnce, audible, sound = LOUD, now, ...on }) {
  const { onWatched, onUnheard, onProgress, onEnded, onError } = on;
  /** @type {Slot[]} */
  const pool = [];
  /** @type {Play[]} */
  const plays = [];
  const outOfPatience = createPatience();
  let setting = sound;
  let ticking = 0;
  /** @param {string} id */
  const isSound = (id) => clip(id).kind === 'sound';
  /** @param {string} id */
  const isStill = (id) => clip(id).kind === 'picture';

  function makeSlot() {
    const video = document.createElement('video');
    video.className = 'clip__video';
    video.playsInline = true;
    video.muted = true;
    video.preload = 'auto';
    video.disablePictureInPicture = true;
    video.tabIndex = -1;
    video.setAttribute('aria-hidden', 'true');
    /** @type {Slot} */
    const slot = { video, id: null, source: 0, used: 0, play: null, hushed: true, seen: 0, sources: [] };
    video.addEventListener('volumechange', () => listen(slot));
    video.addEventListener('timeupdate', () => follow(slot));
    video.addEventListener('seeked', () => follow(slot));
    video.addEventListener('ended', () => finished(slot));
    video.addEventListener('playing', () => running(slot));
    video.addEventListener('waiting', () => pausing(slot));
    video.addEventListener('pause', () => pausing(slot));
    video.addEventListener('error', () => tryNextSource(slot));
    return slot;
  }

  /**
   * The clip's own slot, a fresh one, or the one that has been idle for longest.
   * @param {string} id
   */
  function slotFor(id) {
    const own = pool.find((slot) => slot.id === id);
    if (own) {
      // Its file is here now, where it was played from its address before.
      if (!own.play && own.sources !== clip(id).sources) load(own, 0);
      return own;
    }
    if (pool.length < atOnce + SPARE) pool.push(makeSlot());
    const [slot] = pool.filter((each) => !each.play).sort((a, b) => a.used - b.used);
    slot.id = id;
    load(slot, 0);
    return slot;
  }

  /** @param {Slot} slot @param {number} source */
  function load(slot, source) {
    if (slot.id === null) return false;
    const { sources } = clip(slot.id);
    slot.sources = sources;
    let index = source;
    while (index < sources.length && slot.video.canPlayType(sources[index].type) === '') index += 1;
    slot.source = index;
    if (index >= sources.length) return false;
    slot.video.src = sources[index].src;
    return true;
  }

  /** @param {Slot} slot */
  function tryNextSource(slot) {
    if (!slot.id || !slot.video.hasAttribute('src')) return;
    const id = slot.id;
    const play = slot.play;
    if (load(slot, slot.sources === clip(id).sources ? slot.source + 1 : 0)) {
      if (play) {
        play.reached = 0;
        begin(slot);
      }
      return;
    }
    if (play) end(slot);
    release(slot);
    onError(id);
  }

  /**
   * Show the video once its first frame is there, not before: no black flash over the poster.
   * @param {Slot} slot
   */
  function begin(slot) {
    const { video, play, id } = slot;
    if (id !== null && isSound(id)) host(id).toggleAttribute('data-playing', true);
    const show = () => {
      if (slot.play === play && id !== null && !isSound(id)) video.classList.add('is-shown');
    };
    if (video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && !video.seeking) show();
    else if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(show);
    else video.addEventListener('playing', show, { once: true });
    ticking ||= setInterval(tick, TICK);
    video.play().catch((error) => {
      // AbortError: the playback was ended, or its source replaced, before it began. NotAllowedError: the browser wants
      // a gesture first. In both cases the poster stays, and nothing was played.
      if (slot.play !== play || error.name !== 'NotAllowedError') return;
      end(slot);
      if (id !== null && audible(id) && !slot.hushed) onUnheard(id);
    });
  }

  /** Gives up on files that stall: they fire no error, and would keep a participant waiting for ever. */
  function tick() {
    const playing = pool.filter((slot) => slot.play);
    if (playing.length === 0) {
      clearInterval(ticking);
      ticking = 0;
    }
    for (const slot of playing) {
      const { video } = slot;
      const moves = video.currentTime !== slot.seen || video.ended || document.hidden;
      slot.seen = video.currentTime;
      if (slot.id !== null && outOfPatience(slot.id, TICK, moves)) tryNextSource(slot);
    }
  }

  /**
   * Silence at any time makes a playback a muted one, and the pass through the clip that is under way an unheard one.
   * @param {Pick<Slot, 'video'|'play'>} slot
   */
  function listen({ video, play }) {
    if (!play || (!video.muted && video.volume >= AUDIBLE)) return;
    play.muted = true;
    play.silent = true;
  }

  /** @param {Slot} slot */
  function running(slot) {
    if (!slot.play) return;
    slot.play.t ??= now();
    slot.play.since ??= now();
  }

  /** @param {Slot} slot */
  function pausing(slot) {
    if (!slot.play || slot.play.since === null) return;
    slot.play.ms += now() - slot.play.since;
    slot.play.since = null;
  }

  /**
   * A looping video fires no "ended": its time running backwards says that it went round.
   * @param {Slot} slot
   */
  function follow(slot) {
    const { play, video } = slot;
    if (!play || play.t === null) return;
    if (video.currentTime + 0.02 < play.reached) wentThrough(slot);
    play.reached = video.currentTime;
    if (slot.id !== null && (!play.counted || isSound(slot.id)) && video.duration > 0)
      onProgress(slot.id, video.currentTime / video.duration);
  }

  /** @param {Slot} slot */
  function finished(slot) {
    if (!slot.play) return;
    pausing(slot);
    wentThrough(slot);
    if (slot.id !== null) onEnded(slot.id);
  }

  /** @param {Slot} slot */
  function wentThrough(slot) {
    const { id, play } = slot;
    if (id === null || !play) return;
    const heard = !play.silent;
    play.ended = true;
    play.silent = false;
    listen(slot); // the next pass
    if (play.counted) return;
    if (audible(id) && !heard) {
      if (!slot.hushed) onUnheard(id);
      return;
    }
    play.counted = true;
    onWatched(id);
  }

  /** @param {Slot} slot */
  function end(slot) {
    const { id, play, video } = slot;
    if (id === null || !play) return;
    follow(slot);
    pausing(slot);
    slot.play = null;
    video.pause();
    video.classList.remove('is-shown');
    if (isSound(id)) host(id).removeAttribute('data-playing');
    if (!play.counted || isSound(id)) onProgress(id, 0);
    if (video.currentTime > 0) video.currentTime = 0; // now, so that the first frame is there when it is wanted again
    if (play.t !== null) plays.push(record(id, play, play.t));
  }

  /** @param {string} id @param {Pick<Playing, 'ms'|'how'|'ended'|'muted'>} play @param {number} t @returns {Play} */
  const record = (id, { ms, how, ended, muted }, t) => {
    return { clip: id, t: Math.round(t), ms: Math.round(ms), how, ended, muted };
  };

  /** @param {Slot} slot */
  function release(slot) {
    slot.id = null;
    slot.video.removeAttribute('src');
    slot.video.load(); // lets go of the decoder and its buffers
    slot.video.remove();
  }

  /** @param {Slot} slot */
  function obey({ video, hushed }) {
    video.muted = hushed || setting.muted;
    video.volume = setting.volume;
  }

  const player = {
    /** @param {string} id @param {How} how */
    start(id, how) {
      if (isStill(id)) return;
      const playing = pool.filter((slot) => slot.play).sort((a, b) => a.used - b.used);
      const current = playing.find((slot) => slot.id === id);
      const unmutes = playback.sound && EXPLICIT.has(how) && current?.hushed;
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
      slot.seen = video.currentTime;
      slot.play = {
        t: null,
        since: null,
        ms: 0,
        how,
        ended: false,
        reached: 0,
        counted: false,
        muted: false,
        silent: false,
      };
      slot.hushed = !isSound(id) && !(playback.sound && EXPLICIT.has(how));
      obey(slot);
      listen(slot);
      video.loop = playback.loop;
      if (video.parentElement !== host(id)) host(id).append(video);
      begin(slot);
    },
    /** @param {string[]} ids clips to make ready, so that they start at once; at most four */
    warm(ids) {
      for (const id of ids.filter((each) => !isStill(each)).slice(0, SPARE - 2)) slotFor(id).used = now();
    },
    /** @param {string} id @param {How[]} [only] end the playback only if one of these gestures began it */
    stop(id, only) {
      const slot = pool.find((each) => each.id === id && each.play);
      if (slot?.play && (!only || only.includes(slot.play.how))) end(slot);
    },
    stopAll() {
      for (const slot of pool) end(slot);
    },
    /** @param {Sound} next the participant's setting, from now on */
    setSound(next) {
      setting = next;
      for (const slot of pool) obey(slot);
    },
    hasSound: audible,
    /** @param {string} id @returns {boolean} whether the clip plays in silence because nobody asked for its sound */
    isHushed: (id) => audible(id) && pool.some((slot) => slot.id === id && slot.play !== null && slot.hushed),
    /** @param {string} id @returns {boolean} whether the clip is playing (one that came to its end is not) */
    isPlaying: (id) => pool.some((slot) => slot.id === id && slot.play !== null && !slot.video.ended),
    /** @returns {string[]} clips that are playing */
    playing: () => pool.flatMap(({ id, play, video }) => (id !== null && play && !video.ended ? [id] : [])),
    /** @returns {Play[]} all playbacks so far, those under way included */
    plays() {
      const underWay = pool.flatMap(({ id, play }) => {
        if (id === null || !play || play.t === null) return [];
        return [record(id, { ...play, ms: play.ms + (play.since === null ? 0 : now() - play.since) }, play.t)];
      });
      return [...plays, ...underWay];
    },
    destroy() {
      clearInterval(ticking);
      for (const slot of pool) {
        end(slot);
        if (slot.id) release(slot);
      }
      pool.length = 0;
    },
  };
  return player;
}

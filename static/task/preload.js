/**
 * Fetches media ahead of their use, a few at once, in the order in which they are needed.
 *
 * Posters go through the browser's HTTP cache. Clips are kept as Blob URLs, and a clip's `sources` are replaced by its Blob
 * URL as soon as it is there: a loaded clip then starts without the network, also while the network is down, and in
 * browsers (WebKit) whose player does not read what fetch() has cached. Until then a clip plays from its own address.
 */

const PARALLEL = 4;
const PAUSES = [500, 2_000, 6_000];
const PATIENCE = 60_000;
/** Bytes of clips that are no longer wanted and are still kept, for trials that show them again. */
const KEEP = 256 * 1024 * 1024;

/**
 * @param {import('./session.js').Trial | null} trial
 * @param {{poster: string, sources: import('./session.js').Source[]}[]} upcoming
 * @param {(type: string) => boolean} canPlay
 * @returns {{url: string, kind: 'poster' | 'clip', clip: object | null}[]}  posters of the trial, its clips in seat
 *   order, then the same of what comes next; each address once
 */
export function preloadOrder(trial, upcoming, canPlay) {
  const clips = trial?.clips ?? [];
  const own = new Set(clips);
  const media = [clips, upcoming].flatMap((group) => [
    ...group.map((clip) => ({ url: clip.poster, kind: 'poster', clip: own.has(clip) ? clip : null })),
    ...group.map((clip) => ({ url: playable(clip, canPlay)?.src, kind: 'clip', clip: own.has(clip) ? clip : null })),
  ]);
  const seen = new Set();
  return media.filter(({ url }) => url && !seen.has(url) && seen.add(url));
}

function playable(clip, canPlay) {
  return clip.sources.find(({ type }) => canPlay(type)) ?? clip.sources[0];
}

/**
 * @param {{
 *   onChange?: () => void,
 *   onReady?: (clip: import('./session.js').Clip) => void,
 *   onFailed?: (clip: import('./session.js').Clip, url: string, reason: string) => void,
 *   fetch?: typeof fetch, canPlay?: (type: string) => boolean, pauses?: number[], keep?: number,
 *   urls?: {createObjectURL: (blob: Blob) => string, revokeObjectURL: (url: string) => void},
 * }} parts
 */
export function createPreloader({
  onChange = () => {},
  onReady = () => {},
  onFailed = () => {},
  fetch = (...args) => globalThis.fetch(...args),
  canPlay = browserPlays,
  pauses = PAUSES,
  keep = KEEP,
  urls = URL,
} = {}) {
  /** address -> {blobUrl, bytes}; posters have no Blob URL. In the order of last use. */
  const loaded = new Map();
  const failed = new Map();
  const running = new Map();
  let wanted = [];
  let queue = [];

  function pump() {
    while (running.size < PARALLEL && queue.length) {
      const item = queue.shift();
      if (!loaded.has(item.url) && !running.has(item.url)) load(item);
    }
  }

  async function load(item) {
    running.set(item.url, item);
    try {
      const blob = await fetchPatiently(item.url);
      const blobUrl = item.kind === 'clip' ? urls.createObjectURL(blob) : null;
      loaded.set(item.url, { blobUrl, bytes: blobUrl ? blob.size : 0 });
      failed.delete(item.url);
      for (const want of wanted) if (want.url === item.url) handOver(want);
    } catch (error) {
      failed.set(item.url, error.message);
      for (const want of wanted) if (want.url === item.url && want.clip) onFailed(want.clip, item.url, error.message);
    } finally {
      running.delete(item.url);
      pump();
      onChange();
    }
  }

  async function fetchPatiently(url) {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE), credentials: 'omit' });
        if (!response.ok) throw new Error(`status ${response.status}`);
        return await response.blob();
      } catch (error) {
        if (attempt >= pauses.length) throw error;
        await new Promise((resolve) => setTimeout(resolve, pauses[attempt]));
      }
    }
  }

  function handOver({ clip, url, kind }) {
    if (kind !== 'clip' || !clip) return;
    const { type } = clip.sources.find(({ src }) => src === url) ?? {};
    if (type) clip.sources = [{ src: loaded.get(url).blobUrl, type }];
    onReady(clip);
  }

  /** Lets go of the clips unused for longest until what is kept beyond need fits. */
  function release() {
    const needed = new Set(wanted.map(({ url }) => url));
    let bytes = [...loaded.values()].reduce((sum, medium) => sum + medium.bytes, 0);
    for (const [url, medium] of loaded) {
      if (bytes <= keep) return;
      if (needed.has(url) || !medium.blobUrl) continue;
      urls.revokeObjectURL(medium.blobUrl);
      loaded.delete(url);
      bytes -= medium.bytes;
    }
  }

  return {
    /** Replaces the list of what is wanted; downloads that run are let finish. */
    want(trial, upcoming = []) {
      wanted = preloadOrder(trial, upcoming, canPlay);
      for (const item of wanted) {
        const medium = loaded.get(item.url);
        if (!medium) continue;
        loaded.delete(item.url);
        loaded.set(item.url, medium);
        handOver(item);
      }
      release();
      queue = wanted.filter(({ url }) => !loaded.has(url) && !running.has(url));
      failed.clear();
      pump();
      onChange();
    },
    /** Tries again what could not be loaded. */
    retry() {
      queue.unshift(...wanted.filter(({ url }) => failed.has(url)));
      failed.clear();
      pump();
      onChange();
    },
    /** How far the present trial's media are, in clips. */
    state() {
      const clips = wanted.filter(({ kind, clip }) => clip && kind === 'clip');
      const count = (map) => clips.filter(({ url }) => map.has(url)).length;
      return { total: clips.length, ready: count(loaded), failed: count(failed) };
    },
  };
}

function browserPlays(type) {
  return document.createElement('video').canPlayType(type) !== '';
}

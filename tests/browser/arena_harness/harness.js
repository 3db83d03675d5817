/**
 * Mounts one arena on an otherwise empty page, as the query string says: ?n=12&options={"playback": {...}, ...}.
 * Clips repeat the media that /clips.json lists, each under an address of its own. What the arena reports is kept on
 * `window.harness`.
 */
import { mountArena } from '/static/arena/arena.js';

const query = new URLSearchParams(location.search);
const options = JSON.parse(query.get('options') ?? '{}');
const media = await (await fetch('/clips.json')).json();
const count = Number(query.get('n') ?? 12);
const clips = Array.from({ length: count }, (_, index) => {
  const { poster, sources, width, height } = media[index % media.length];
  const own = `?${index}`;
  return {
    id: `c${index}`,
    label: '',
    width,
    height,
    duration: 1,
    sound: options.clipsHaveSound ?? false,
    poster: poster + own,
    sources: sources.map((source) => ({ ...source, src: source.src + own })),
  };
});

const harness = { changes: 0, done: null, errors: [], clips };
window.harness = harness;
window.addEventListener('error', (event) => harness.errors.push(String(event.message)));
window.addEventListener('unhandledrejection', (event) => harness.errors.push(String(event.reason)));

harness.mount = (extra = {}) => {
  harness.arena?.destroy();
  harness.arena = mountArena(document.getElementById('arena'), {
    clips,
    question: 'How similar are the expressions? Put similar ones close together.',
    ...options,
    ...extra,
    onChange: () => (harness.changes += 1),
    onDone: (result) => (harness.done = result),
  });
  return harness.arena;
};
/** Loads all clips ahead, as the task page does, and tells the arena. */
harness.preload = async () => {
  for (const { id, sources } of clips) {
    const blob = await (await fetch(sources[0].src)).blob();
    harness.arena.clipReady(id, [{ src: URL.createObjectURL(blob), type: sources[0].type }]);
  }
};
harness.mount();
document.documentElement.dataset.ready = '';

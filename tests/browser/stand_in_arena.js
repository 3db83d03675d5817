/** A tiny arena for tests of the task page: one button a clip, each puts its clip where `window.standIn` says. */
export function mountArena(element, { clips, question, draft, t, onChange, onDone }) {
  const shown = performance.now();
  const places = new Map((draft?.placements ?? []).map((p) => [p.clip, p]));
  const moves = [];
  const failed = new Set();
  const heading = document.createElement('h1');
  heading.textContent = question;
  const done = document.createElement('button');
  done.textContent = t('Done');

  function place(clip, x, y) {
    places.set(clip, { clip, x, y });
    moves.push({ clip, t: performance.now() - shown, x, y, how: 'click' });
    render();
    onChange();
  }
  function result() {
    return {
      placements: [...places.values()],
      moves,
      plays: [],
      duration: performance.now() - shown,
      hidden: 0,
      viewport: { width: innerWidth, height: innerHeight, pixel_ratio: devicePixelRatio },
      arena: { x: 0, y: 0, diameter: 500, item: 60 },
    };
  }
  function render() {
    done.disabled = clips.some(({ id }) => !places.has(id));
    for (const { id } of clips) {
      const { x, y } = places.get(id) ?? {};
      buttons.get(id).textContent = places.has(id) ? `${id} at ${x} ${y}` : `place ${id}`;
    }
  }
  const buttons = new Map(
    clips.map(({ id }, i) => {
      const button = document.createElement('button');
      button.dataset.clip = id;
      button.onclick = () => place(id, Number((0.1 * i).toFixed(6)), Number((-0.1 * (i % 3)).toFixed(6)));
      return [id, button];
    }),
  );
  done.dataset.done = '';
  done.onclick = () => onDone(result());
  element.replaceChildren(heading, ...buttons.values(), done);
  render();
  window.standIn = { place, result, clips, failed, busy: false };
  return {
    result,
    focus: () => buttons.values().next().value.focus(),
    setBusy(busy) {
      window.standIn.busy = busy;
      for (const button of element.querySelectorAll('button')) button.disabled = busy;
    },
    clipFailed: (id) => failed.add(id),
    clipReady(id, sources) {
      failed.delete(id);
      clips.find((clip) => clip.id === id).sources = sources;
    },
    destroy: () => element.replaceChildren(),
  };
}

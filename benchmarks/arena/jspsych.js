/** Trials of jsPsych's free-sort plugin with n posters: ?n=60&item=50&area=500&trials=20. */
/* global initJsPsych, jsPsychFreeSort */
const query = new URLSearchParams(location.search);
const number = (name, otherwise) => Number(query.get(name) ?? otherwise);
const media = await (await fetch('/clips.json')).json();
const stimuli = Array.from({ length: number('n', 12) }, (_, index) => `${media[index % media.length].poster}?${index}`);

const jsPsych = initJsPsych({});
window.rival = { nextTrial: () => jsPsych.finishTrial() };
const trial = {
  type: jsPsychFreeSort,
  stimuli,
  stim_width: number('item', 100),
  stim_height: number('item', 100),
  sort_area_width: number('area', 500),
  sort_area_height: number('area', 500),
  prompt: '<p>Put similar ones close together.</p>',
  on_load: () => {
    document.documentElement.dataset.ready = '';
  },
};
await jsPsych.run(Array.from({ length: number('trials', 1) }, () => trial));

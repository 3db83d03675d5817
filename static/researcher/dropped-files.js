// @ts-check
/** The files of a drop or a choice, with their paths below the folder that was dropped. */

/** @typedef {{file: File, name: string}} Named */

/**
 * What was dropped, with all that lies in dropped folders. Must be called while the event is handled.
 * @param {DataTransfer} dropped
 * @returns {Promise<Named[]>}
 */
export async function filesOfDrop(dropped) {
  const entries = [...dropped.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (!entries.length) return filesOfChoice([...dropped.files]);
  return belowFolder((await Promise.all(entries.map((entry) => filesOf(entry, '')))).flat());
}

/** @param {File[]} files @returns {Named[]} */
export function filesOfChoice(files) {
  return belowFolder(files.map((file) => ({ file, name: file.webkitRelativePath || file.name })));
}

/**
 * One folder is the folder of clips, as on the command line: its name says nothing about a clip. Of several folders
 * each says where its clips lie.
 * @template {{name: string}} T
 * @param {T[]} files
 * @returns {T[]} in the order of their names
 */
export function belowFolder(files) {
  const tops = new Set(files.map(({ name }) => name.split('/', 1)[0]));
  const isOne = tops.size === 1 && files.every(({ name }) => name.includes('/'));
  const named = isOne ? files.map((one) => ({ ...one, name: one.name.slice(one.name.indexOf('/') + 1) })) : files;
  const order = new Intl.Collator('en', { numeric: true }).compare;
  return [...named].sort((a, b) => order(a.name, b.name));
}

/** @param {FileSystemEntry} entry @param {string} folder @returns {Promise<Named[]>} */
async function filesOf(entry, folder) {
  const name = folder + entry.name;
  if (isFile(entry)) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return [{ file, name }];
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  const files = [];
  for (;;) {
    // A folder is read in parts of a hundred; an empty part is its end.
    const part = await new Promise(
      /** @param {(entries: FileSystemEntry[]) => void} resolve */ (resolve, reject) =>
        reader.readEntries(resolve, reject),
    );
    if (!part.length) return files;
    for (const one of part) files.push(...(await filesOf(one, `${name}/`)));
  }
}

/** @param {FileSystemEntry} entry @returns {entry is FileSystemFileEntry} */
const isFile = (entry) => entry.isFile;

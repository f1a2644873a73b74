// Names and pictures of the classes, kept in this browser's IndexedDB from one visit to the next. Knows nothing of the page.

const NAME = 'resnet50-wasm-teach';
/** Browsers have been seen that never answer; milliseconds. */
const PATIENCE = 3000;

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
const answer = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** @throws what browsers throw at once where storage is forbidden, too */
async function openDatabase() {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => {
    for (const store of ['classes', 'pictures']) request.result.createObjectStore(store, { keyPath: 'id' });
  };
  const late = new Promise((_, reject) => setTimeout(reject, PATIENCE, new Error(`${NAME} does not open`)));
  return Promise.race([answer(request), late]);
}

/** Does it in one transaction; resolves when that is on the disk, as far as browsers tell. */
async function transact(database, act) {
  const transaction = database.transaction(['classes', 'pictures'], 'readwrite');
  const done = new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
  });
  act(transaction.objectStore('classes'), transaction.objectStore('pictures'));
  await done;
}

async function read(database) {
  const transaction = database.transaction(['classes', 'pictures']);
  const all = (store) => answer(transaction.objectStore(store).getAll());
  const [classes, pictures] = await Promise.all([all('classes'), all('pictures')]); // in the order of their numbers
  return classes.map(({ id, name }) => ({
    ...{ id, name },
    pictures: pictures
      .filter((picture) => picture.class === id)
      .map(({ id, name, type, bytes }) => ({ id, file: new File([bytes], name, { type }) })),
  }));
}

/**
 * @typedef {{ id: number, name: string, pictures: { id: number, file: File }[] }} KeptClass
 */

export function createKeeping() {
  let [last, pending, works] = [0, 0, true];
  let onFailure = () => {};
  const opened = openDatabase();
  opened.catch(() => {});
  let turn = Promise.resolve();

  function fail(error) {
    if (works) console.info('teach page: pictures are not kept', error);
    works = false;
  }

  /** In the order of the calls; `prepare` may take its time before. */
  function write(act, prepare = async () => {}) {
    pending++;
    const ready = prepare();
    ready.catch(() => {});
    turn = turn.then(async () => {
      try {
        const bytes = await ready;
        await transact(await opened, (classes, pictures) => act(classes, pictures, bytes));
      } catch (error) {
        fail(error);
        onFailure();
      } finally {
        pending--;
      }
    });
  }

  return {
    /** Numbers for classes and pictures, each greater than the one before; those of another visit are smaller. */
    nextId() {
      last = Math.max(last + 1, Date.now());
      return last;
    },
    /** What an earlier visit left. @returns {Promise<KeptClass[]>} */
    async load() {
      try {
        return await read(await opened);
      } catch (error) {
        fail(error);
        return [];
      }
    },
    /** @param {{ id: number, name: string }} kept */
    keepClass: (kept) => write((classes) => classes.put(kept)),
    /** @param {number} id @param {number} classId @param {File} file */
    keepPicture: (id, classId, file) =>
      write(
        (_, pictures, bytes) => pictures.put({ id, class: classId, name: file.name, type: file.type, bytes }),
        () => file.arrayBuffer(),
      ),
    dropPicture: (id) => write((_, pictures) => pictures.delete(id)),
    dropClass: (id) => write((classes) => classes.delete(id)),
    /** @throws what the browser does */
    async forget() {
      await transact(await opened, (classes, pictures) => {
        classes.clear();
        pictures.clear();
      });
    },
    /** Whether all that was given is kept. */
    get isSafe() {
      return works && pending === 0;
    },
    /** @param {() => void} act called each time something could not be kept */
    set onFailure(act) {
      onFailure = act;
    },
  };
}

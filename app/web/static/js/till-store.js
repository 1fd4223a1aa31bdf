// What this device keeps of its till: the token, what it sold, and what is still to be sent.
const NAME = "portecarte-till";
const STORES = { kept: {}, queue: { keyPath: "number", autoIncrement: true }, aside: { keyPath: "number", autoIncrement: true }, sales: { keyPath: "id" } };

function opened() {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => {
      for (const [name, options] of Object.entries(STORES)) asked.result.createObjectStore(name, options);
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

async function inStore(name, mode, work) {
  const database = await opened();
  try {
    return await new Promise((resolve, reject) => {
      // Strict: what was sold must be on the disk before the sale is said to be kept.
      const transaction = database.transaction(name, mode, { durability: "strict" });
      const asked = work(transaction.objectStore(name));
      transaction.oncomplete = () => resolve(asked?.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

export const recall = (name) => inStore("kept", "readonly", (store) => store.get(name));
export const remember = (name, value) => inStore("kept", "readwrite", (store) => store.put(value, name));
export const add = (store, value) => inStore(store, "readwrite", (it) => it.add(value));
export const put = (store, value) => inStore(store, "readwrite", (it) => it.put(value));
export const remove = (store, key) => inStore(store, "readwrite", (it) => it.delete(key));
export const all = (store) => inStore(store, "readonly", (it) => it.getAll());
export const one = (store, key) => inStore(store, "readonly", (it) => it.get(key));

/** Lets go of sales of former days: today's are enough to undo one. */
export async function forgetOld(before) {
  for (const sale of await all("sales")) if (sale.at < before) await remove("sales", sale.id);
}

/** Takes the till off this device; what waits to be sent stays, for it is other people's units. */
export async function unpair() {
  await remove("kept", "token");
  await remove("kept", "facts");
}

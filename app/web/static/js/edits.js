// Changes of cards: sent at once, or kept in IndexedDB without network and sent once later.
import { call, newKey } from "./api.js";
import { notice } from "./shell.js";
import { t } from "./texts.js";

const owner = document.body.dataset.owner;

function opened() {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open("portecarte", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("edits", { keyPath: "id", autoIncrement: true });
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

async function inStore(mode, work) {
  const database = await opened();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction("edits", mode);
      const asked = work(transaction.objectStore("edits"));
      transaction.oncomplete = () => resolve(asked?.result);
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

const kept = async () => (await inStore("readonly", (store) => store.getAll())).filter((edit) => edit.owner === owner);

/** Changes a card. Answers "sent" or "kept"; throws Problem when the server refuses. */
export async function edit(card, body, method = "PATCH") {
  const one = { method, path: `/v1/cards/${card}`, body, key: newKey(), owner };
  if (!(await kept().catch(() => [])).length) {
    try {
      await send(one);
      return "sent";
    } catch (problem) {
      if (problem.status !== 0) throw problem;
    }
  }
  await inStore("readwrite", (store) => store.add(one));
  await tell();
  if (navigator.onLine) flush();
  else notice(t("common.js.kept"));
  return "kept";
}

const send = (one) => call(one.method, one.path, one.method === "DELETE" ? undefined : one.body, { headers: { "Idempotency-Key": one.key } });

/** Sends what is kept, in order, from one tab only; each has its key, so that none is done twice. */
export async function flush() {
  const work = async () => {
    let count = 0;
    for (const one of await kept()) {
      try {
        await send(one);
      } catch (problem) {
        if (problem.status === 0 || problem.status === 429 || problem.status >= 500 || problem.status === 401) break;
        if (!(one.method === "DELETE" && problem.status === 404)) notice(t("common.js.refused", { why: problem.words }), { isBad: true, seconds: 10 });
      }
      await inStore("readwrite", (store) => store.delete(one.id));
      count += 1;
    }
    await tell();
    if (count) dispatchEvent(new CustomEvent("edits-sent"));
  };
  if (navigator.locks) await navigator.locks.request("portecarte-edits", { ifAvailable: true }, (lock) => lock && work());
  else await work();
}

async function tell() {
  const line = document.getElementById("waiting");
  if (!line) return;
  const n = (await kept()).length;
  line.hidden = n === 0;
  line.textContent = n ? t("common.js.waiting", { n }) : "";
}

if (owner && "indexedDB" in window) {
  addEventListener("online", () => flush().catch(() => {}));
  flush().catch(() => {});
}

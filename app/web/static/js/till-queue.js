// What the till has sold and the server does not know yet: kept first, sent in order, once each.
import { ask, passes } from "./till-api.js";
import { add, all, put, remove } from "./till-store.js";

/** Keeps something to send before it is sent. `path`, `body`: of /v1/checkout; `key` repeats the same. */
export async function keep(entry) {
  const number = await add("queue", { ...entry, tries: 0 });
  await tell();
  return { ...entry, number, tries: 0 };
}

/**
 * Sends one now. Answers {sent} with the server's answer, {waits} where it will be sent later,
 * {refused} where the server will never take it: then it is set aside, for somebody to look at.
 */
async function send(entry, deadline) {
  await put("queue", { ...entry, tries: entry.tries + 1 });
  try {
    const sent = await ask("POST", entry.path, entry.body, { key: entry.key, deadline });
    await remove("queue", entry.number);
    return { sent };
  } catch (problem) {
    if (passes(problem) || problem.status === 401) return { waits: problem };
    const { number, ...rest } = entry;
    await add("aside", { ...rest, at: Date.now(), code: problem.code });
    await remove("queue", number);
    return { refused: problem };
  } finally {
    await tell();
  }
}

/** Sends all in order, from one tab only; answers what came of the one with this number. */
export async function flush({ number = null, deadline } = {}) {
  let outcome = null;
  const work = async () => {
    for (const entry of await all("queue")) {
      const done = await send(entry, deadline);
      if (entry.number === number) outcome = done;
      if (done.waits) break; // nothing overtakes what came before
    }
  };
  if (navigator.locks) await navigator.locks.request("portecarte-till-queue", work);
  else await work();
  return outcome || { waits: null };
}

/** Takes back what was never sent; false where it may have reached the server. */
export async function takeBack(id) {
  const entry = (await all("queue")).find((one) => one.body.id === id);
  if (!entry || entry.tries > 0) return false;
  await remove("queue", entry.number);
  await tell();
  return true;
}

export const waiting = () => all("queue");
export const setAside = () => all("aside");

async function tell() {
  dispatchEvent(new CustomEvent("till-queue", { detail: { n: (await all("queue")).length, aside: (await all("aside")).length } }));
}

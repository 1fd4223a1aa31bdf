// Pairs this device by a code from the console; a code pressed twice is one pairing.
import { newKey } from "./api.js";
import { act } from "./shell.js";
import { pair as askToPair, use, words } from "./till-api.js";
import * as store from "./till-store.js";
import { at } from "./till-view.js";
import { t } from "./texts.js";

const pairKeys = new Map();

/** Calls `paired()` once this device has its token. A code may stand after `#` in the address. */
export function pairing(paired) {
  at("pair-form").addEventListener("submit", (event) => pair(event, paired));
  if (location.hash.length < 2) return;
  at("pair-code").value = decodeURIComponent(location.hash.slice(1)).slice(0, 20);
  history.replaceState(null, "", location.pathname);
}

async function pair(event, paired) {
  event.preventDefault();
  const code = at("pair-code").value.trim();
  at("pair-fault").textContent = "";
  await act(event.submitter, async () => {
    if (!code) return void (at("pair-fault").textContent = t("till.js.pair_empty"));
    if (!pairKeys.has(code)) pairKeys.set(code, newKey());
    try {
      const answer = await askToPair(code, pairKeys.get(code));
      await store.remember("token", answer.token);
      navigator.storage?.persist?.().catch(() => {});
      use(answer.token);
      at("pair-code").value = "";
      await paired();
    } catch (problem) {
      at("pair-fault").textContent = problem.status === 404 ? t("till.js.pair_unknown") : words(problem);
    }
  });
}

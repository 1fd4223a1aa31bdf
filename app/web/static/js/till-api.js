// Asks /v1/checkout by the till's token, and never longer than a sale can wait.
import { Problem, call, newKey } from "./api.js";
import { has, language, t } from "./texts.js";

let token = null;
export const QUOTE_DEADLINE = 2500; // milliseconds; past it the till sells without
export const SALE_DEADLINE = 6000;

export const hasToken = () => token !== null;
export const bearer = () => ({ Authorization: `Bearer ${token}` });
export const use = (value) => { token = value; };

/** Asks a route; past the deadline a Problem of status 0, as without network. `key` repeats the same. */
export async function ask(method, path, body, { key, deadline = SALE_DEADLINE } = {}) {
  const ends = new AbortController();
  const timer = setTimeout(() => ends.abort(), deadline);
  try {
    return await call(method, `/v1/checkout${path}`, body, { key: key || newKey(), signal: ends.signal, headers: { ...bearer(), "Accept-Language": language } });
  } catch (problem) {
    if (problem.name === "AbortError") throw new Problem(0, { code: "deadline" });
    if (problem.status === 401) dispatchEvent(new CustomEvent("till-ended"));
    throw problem;
  } finally {
    clearTimeout(timer);
  }
}

/** Pairs this device by a code from the console. */
export const pair = (code, key) => call("POST", "/v1/checkout/pair", { code }, { key });

/** Says whether a fault passes by itself: no network, too slow, too busy. */
export const passes = (problem) => [0, 408, 425, 429].includes(problem.status) || problem.status >= 500;

/** A problem in the words of a till. */
export function words(problem) {
  const known = `till.js.error.${problem.code}`;
  if (problem.code === "code-already-used" && problem.body?.used_at) {
    const at = new Intl.DateTimeFormat(language, { timeStyle: "short", dateStyle: "short" }).format(new Date(problem.body.used_at));
    return problem.body.location_id ? t("till.js.used_there", { at, place: problem.body.location_id }) : t("till.js.used", { at });
  }
  return has(known) ? t(known) : problem.words || t("common.js.error");
}

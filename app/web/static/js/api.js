// Speaks with /v1 by the cookie of this browser's session, and turns problems into words.
import { has, language, t } from "./texts.js";

const NEEDS_KEY = new Set(["POST"]);

/** What the server refused, or that it could not be reached (`status` 0). */
export class Problem extends Error {
  constructor(status, body, retryAfter) {
    super(body.detail || body.title || "");
    this.status = status;
    this.code = body.code || "";
    this.body = body;
    this.errors = body.errors || [];
    this.retryAfter = retryAfter;
  }
  /** A sentence for people, in the page's language. */
  get words() {
    if (this.status === 0) return t("common.js.offline");
    const known = `common.js.error.${this.code}`;
    return has(known) ? t(known) : t("common.js.error");
  }
}

/** A new Idempotency-Key. Keep it for as long as the same act may be tried again. */
export function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Calls a route. `body`: an object is sent as JSON, a Blob or FormData as it is.
 * Answers the decoded JSON, null for an empty answer, `asFile` a Blob. Throws Problem.
 */
export async function call(method, path, body, { key, signal, headers = {}, asFile = false } = {}) {
  const sent = { method, headers: { Accept: "application/json", ...headers }, signal, credentials: "same-origin" };
  // A page of the console speaks for the merchant that it shows, whatever another window chose since.
  const merchant = document.querySelector(".console")?.dataset.merchant;
  if (merchant) sent.headers["X-Merchant"] = merchant;
  if (NEEDS_KEY.has(method)) sent.headers["Idempotency-Key"] = key || newKey();
  if (body instanceof Blob || body instanceof FormData) sent.body = body;
  else if (body !== undefined && body !== null) {
    sent.headers["Content-Type"] = "application/json";
    sent.body = JSON.stringify(body);
  }
  let answer;
  try {
    answer = await fetch(path, sent);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, {});
  }
  if (answer.ok && asFile) return answer.blob();
  const text = await answer.text();
  let found = null;
  try {
    found = text ? JSON.parse(text) : null;
  } catch {
    found = null;
  }
  if (!answer.ok) throw new Problem(answer.status, found || {}, Number(answer.headers.get("Retry-After")) || 0);
  return found;
}

export const get = (path, options) => call("GET", path, undefined, options);
export const post = (path, body, options) => call("POST", path, body, options);
export const patch = (path, body, options) => call("PATCH", path, body, options);
export const put = (path, body, options) => call("PUT", path, body, options);
export const del = (path, options) => call("DELETE", path, undefined, options);

/** Makes sure that this browser has a session: makes a guest where it has none. */
export async function ensureSession() {
  if (document.body.dataset.owner || ensureSession.done) return;
  ensureSession.key = ensureSession.key || newKey();
  await post("/v1/guests", { language }, { key: ensureSession.key });
  ensureSession.done = true;
}

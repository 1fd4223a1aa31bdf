// What is changed and not published yet: kept in this browser, one draft a program.
import { get } from "./api.js";

const DATABASE = "portecarte-console";
const KEYS = ["name", "authority", "rules", "units", "tiers", "design", "barcode", "locations", "links", "languages", "settings"];

function store() {
  return new Promise((resolve, reject) => {
    const opens = indexedDB.open(DATABASE, 1);
    opens.onupgradeneeded = () => opens.result.createObjectStore("drafts");
    opens.onsuccess = () => resolve(opens.result);
    opens.onerror = () => reject(opens.error);
  });
}

/** Runs one act on the store; null where this browser keeps nothing (a private window). */
async function kept(mode, act) {
  try {
    const database = await store();
    return await new Promise((resolve, reject) => {
      const asked = act(database.transaction("drafts", mode).objectStore("drafts"));
      asked.onsuccess = () => resolve(asked.result ?? null);
      asked.onerror = () => reject(asked.error);
    });
  } catch {
    return null;
  }
}

/** A program as it may be sent back, of the program as it was answered. */
export function sendable(answered) {
  const program = Object.fromEntries(KEYS.filter((key) => key in answered).map((key) => [key, structuredClone(answered[key])]));
  if (!program.rules) delete program.rules;
  return program;
}

/**
 * Opens a program's draft: `published` is what is in force, `program` and `images` (role → base64)
 * what is changed, `base` the version that was changed.
 */
export async function openDraft(id) {
  const answered = await get(`/v1/partner/programs/${id}`);
  const found = await kept("readonly", (drafts) => drafts.get(id));
  const published = sendable(answered);
  const draft = { id, answered, published, base: answered.version, program: structuredClone(published), images: {} };
  if (found) Object.assign(draft, { base: found.base, program: found.program, images: found.images });
  return draft;
}

/** Whether something is changed. */
export const isChanged = (draft) => JSON.stringify(draft.program) !== JSON.stringify(draft.published) || Object.keys(draft.images).length > 0;

/** Keeps a draft, or lets go of one that changes nothing. */
export function keepDraft(draft) {
  if (!isChanged(draft)) return dropDraft(draft.id);
  const { base, program, images } = draft;
  return kept("readwrite", (drafts) => drafts.put({ base, program, images }, draft.id));
}

export const dropDraft = (id) => kept("readwrite", (drafts) => drafts.delete(id));

/** Which parts of a draft differ from what is in force: names of its keys, and `images`. */
export function changedParts(draft) {
  const differs = (key) => JSON.stringify(draft.program[key]) !== JSON.stringify(draft.published[key]);
  return [...KEYS.filter(differs), ...(Object.keys(draft.images).length ? ["images"] : [])];
}

// The rules of a hosted program: forms for the usual kinds, JSON for all, one document behind both.
import { post, Problem } from "./api.js";
import { isChanged, keepDraft, openDraft } from "./draft.js";
import { goTo, setAt, showFaults, valueAt } from "./fields.js";
import { drawRules, takeRule } from "./rules-form.js";
import { PARTS } from "./rules-kinds.js";
import { said } from "./said.js";
import { t } from "./texts.js";

const AFTER_MILLISECONDS = 450;
const id = document.querySelector(".console").dataset.program;
const form = document.getElementById("rules");
const json = document.getElementById("json");
const jsonFault = document.getElementById("json-fault");
const verdict = document.getElementById("verdict");
const list = document.getElementById("warnings");
const draft = await openDraft(id);
let waits = null;
let asked = null;

const rules = () => draft.program.rules;

function writeJson() {
  json.value = JSON.stringify(rules(), null, 1);
  jsonFault.textContent = "";
  json.removeAttribute("aria-invalid");
}

/** Names of units and tiers that the rules no longer have go with them; a change has a new version. */
function follow() {
  const own = rules();
  const kept = (shown, known) => (shown || []).filter((one) => (known || []).some((rule) => rule.id === one.id));
  draft.program.units = kept(draft.program.units, own.units);
  draft.program.tiers = kept(draft.program.tiers, own.tiers?.ladder);
  const before = draft.published.rules;
  if (before && JSON.stringify({ ...before, version: 0 }) !== JSON.stringify({ ...own, version: 0 }) && own.version === before.version) own.version = before.version + 1;
}

function showState() {
  const changed = isChanged(draft);
  document.getElementById("draft-state").textContent = changed ? t("rules.js.changed") : t("rules.js.same", { version: draft.answered.version });
  for (const one of document.querySelectorAll("[data-when-changed]")) one.hidden = !changed;
}

function told(errors, warnings) {
  const left = showFaults(form, errors);
  const lines = [...errors.map((one) => ({ ...one, isBad: true, text: left.includes(one) ? `${one.path}: ${said(one.message).text}` : said(one.message).text })), ...warnings];
  list.replaceChildren(...lines.map((one) => {
    const item = document.createElement("li");
    item.classList.toggle("is-bad", Boolean(one.isBad));
    const shown = one.isBad ? { text: one.text, lang: "" } : said(one.text);
    item.lang = shown.lang;
    const button = Object.assign(document.createElement("button"), { type: "button", className: "text-button", textContent: shown.text });
    button.addEventListener("click", () => goTo(form, one.path) || json.focus());
    item.append(button);
    return item;
  }));
  verdict.textContent = errors.length ? t("rules.js.faults", { n: errors.length }) : warnings.length ? t("rules.js.warnings", { n: warnings.length }) : t("rules.js.fine");
}

async function judge() {
  asked?.abort();
  const own = (asked = new AbortController());
  try {
    const answer = await post("/v1/partner/previews", { ...draft.program, of: id, member: "new" }, { signal: own.signal });
    told([], answer.warnings.filter((one) => one.code === "rules").map((one) => ({ ...one, path: `rules.${/^[a-z_.]+\[\d+\]/.exec(one.text)?.[0] || ""}` })));
  } catch (problem) {
    if (own !== asked || problem.name === "AbortError") return;
    if (!(problem instanceof Problem)) throw problem;
    told(problem.errors.length ? problem.errors : [{ path: "rules", message: problem.words }], []);
  }
}

async function changed() {
  follow();
  writeJson();
  await keepDraft(draft);
  showState();
  clearTimeout(waits);
  waits = setTimeout(judge, AFTER_MILLISECONDS);
}

function draw() {
  drawRules(form, rules());
  for (const field of form.querySelectorAll("[data-plain]")) field.value = valueAt(draft.program, field.dataset.path) ?? "";
}

/** A choice changes which fields there are, or what others mean: draws anew, the focus stays. */
async function redraw(field) {
  const path = field.dataset.path;
  draw();
  await changed();
  if (path) form.querySelector(`[data-path="${CSS.escape(path)}"]`)?.focus();
}

form.addEventListener("input", async (event) => {
  const field = event.target;
  if (field.dataset.plain !== undefined) setAt(draft.program, field.dataset.path, field.value);
  else if (field.dataset.how || field.dataset.spanOf) takeRule(field, rules());
  else return;
  if (!field.matches("select") || field.dataset.spanOf) await changed();
});
form.addEventListener("change", (event) => {
  const field = event.target;
  if (field.matches("select[data-path]") || field.dataset.how === "id") redraw(field);
});

json.addEventListener("input", () => {
  let read;
  try {
    read = JSON.parse(json.value);
  } catch (error) {
    jsonFault.textContent = t("rules.js.json_fault", { why: error.message });
    json.setAttribute("aria-invalid", "true");
    return;
  }
  jsonFault.textContent = "";
  json.removeAttribute("aria-invalid");
  if (read === null || typeof read !== "object" || Array.isArray(read)) return;
  draft.program.rules = read;
  const text = json.value;
  const place = json.selectionStart;
  try {
    draw();
  } catch {
    // What is half written may lack what the forms show: the server says which.
  }
  changed().then(() => {
    json.value = text; // as it is being written
    json.setSelectionRange(place, place);
  });
});

form.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.new) {
    const [part, kind] = button.dataset.new.split(" ");
    const path = PARTS[part].list;
    if (part === "tiers" && !rules().tiers) rules().tiers = { ladder: [] };
    if (part === "tiers" && !rules().tiers.ladder.length) rules().tiers.ladder.push(PARTS.tiers.kinds.tier.fresh(rules()));
    const items = [...(valueAt(rules(), path) || [])];
    items.push(PARTS[part].kinds[kind].fresh(rules()));
    setAt(rules(), path, items);
    draw();
    await changed();
    form.querySelector(`[data-group="${CSS.escape(`rules.${path}[${items.length - 1}]`)}"] :is(input, select, textarea)`)?.focus();
  } else if (button.dataset.takeAway) {
    const [, path, place] = /^(.*)\[(\d+)\]$/.exec(button.dataset.takeAway);
    const part = button.closest("[data-part]");
    const items = valueAt(rules(), path).filter((_, at) => at !== Number(place));
    if (path === "tiers.ladder" && !items.length) delete rules().tiers;
    else setAt(rules(), path, items);
    draw();
    await changed();
    part.querySelector("[data-new]").focus();
  }
});

if (!rules()) {
  const units = draft.program.units.map((one) => ({ id: one.id.toLowerCase().replace(/[^a-z0-9_-]/g, "-"), ...(one.currency ? { kind: "cashback" } : {}) }));
  draft.program.rules = { format: "loyalty-program/1", id: "rules", version: 1, tz: Intl.DateTimeFormat().resolvedOptions().timeZone || "Europe/Paris", currency: "EUR", units: units.length ? units : [{ id: "pts" }] };
}
draw();
writeJson();
showState();
judge();

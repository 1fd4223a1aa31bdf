// Publishing: what is changed, what it would do to cards, then one button.
import { Problem, put } from "./api.js";
import { changedParts, dropDraft, isChanged, openDraft } from "./draft.js";
import { said } from "./said.js";
import { act } from "./shell.js";
import { has, language, t } from "./texts.js";

const one = (id) => document.getElementById(id);
const id = document.querySelector(".console").dataset.program;
const slug = location.pathname.split("/")[3];
const path = `/v1/partner/programs/${id}`;
const form = one("publish");
const go = one("go");
const draft = await openDraft(id);
let judged = 0;

const parts = changedParts(draft);
const money = (minor) => new Intl.NumberFormat(language, { style: "currency", currency: draft.program.rules?.currency || "EUR" }).format(
  minor / 10 ** new Intl.NumberFormat("en", { style: "currency", currency: draft.program.rules?.currency || "EUR" }).resolvedOptions().maximumFractionDigits);
const count = (value) => new Intl.NumberFormat(language).format(value);

/** The program as it is sent: new rules begin when that is chosen, else at once. */
function body() {
  const sent = structuredClone(draft.program);
  if (sent.rules && parts.includes("rules")) {
    if (one("effective").value) sent.rules.effective_from = new Date(one("effective").value).toISOString().replace(/\.\d+Z$/, "Z");
    else if (!(Date.parse(sent.rules.effective_from) > Date.now())) delete sent.rules.effective_from;
  }
  return sent;
}

const query = () => `?allow_shorter_life=${one("shorter").checked}`;

function showLines(lines) {
  one("warnings").replaceChildren(...lines.map((line) => {
    const item = document.createElement("li");
    item.classList.toggle("is-bad", Boolean(line.isBad));
    const { text, lang } = line.isOurs ? { text: line.text, lang: "" } : said(line.text);
    item.lang = lang;
    const place = line.path?.startsWith("rules") ? `/merchant/p/${slug}/rules` : `/merchant/p/${slug}`;
    if (line.isBad) item.append(Object.assign(document.createElement("a"), { href: place, textContent: line.path }), " ");
    item.append(text);
    return item;
  }));
}

function showFigures(found) {
  const change = found.liability_after_minor - found.liability_before_minor;
  const facts = [["cards", count(found.cards)], ["gains", count(found.gains)], ["loses", count(found.loses)], ["same", count(Math.max(0, found.cards - found.gains - found.loses))],
    ["before", money(found.liability_before_minor)], ["after", money(found.liability_after_minor)], ["change", `${change > 0 ? "+" : ""}${money(change)}`]];
  one("figures").replaceChildren(...facts.map(([name, value]) => {
    const holder = document.createElement("div");
    holder.append(Object.assign(document.createElement("dt"), { textContent: t(`publish.js.${name}`) }), Object.assign(document.createElement("dd"), { textContent: value }));
    return holder;
  }));
  one("nobody").hidden = found.cards > 0;
  const from = found.effective_from && new Date(found.effective_from);
  one("from").textContent = from ? t("publish.js.from", { at: new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "short" }).format(from) }) : "";
}

async function judge() {
  const own = (judged += 1);
  if (go) go.disabled = true;
  one("effective-fault").textContent = "";
  try {
    const found = await put(`${path}${query()}&dry_run=true&months=${one("months").value}`, body());
    if (own !== judged) return;
    showFigures(found);
    showLines(found.warnings.map((text) => ({ text })));
    one("verdict").textContent = found.warnings.length ? t("publish.js.warnings", { n: found.warnings.length }) : t("publish.js.fine");
    if (go) go.disabled = false;
  } catch (problem) {
    if (own !== judged) return;
    if (!(problem instanceof Problem)) throw problem;
    const isShorter = (fault) => /allow_shorter_life/.test(fault.message);
    if (problem.errors.some(isShorter)) one("shorter-box").hidden = false;
    const dated = problem.errors.find((fault) => fault.path === "rules.effective_from");
    if (dated) one("effective-fault").textContent = dated.message;
    showLines(problem.errors.map((fault) => ({ path: fault.path, isBad: true, isOurs: isShorter(fault), text: isShorter(fault) ? t("publish.js.shorter") : fault.message })));
    one("verdict").textContent = problem.errors.length ? t("publish.js.faults", { n: problem.errors.length }) : problem.code === "missing-scope" ? t("publish.js.owner") : problem.words;
  }
}

function pngOf(text) {
  return new Blob([Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0))], { type: "image/png" });
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  act(go, async () => {
    for (const [role, text] of Object.entries(draft.images)) await put(`${path}/images/${role}`, pngOf(text));
    const made = parts.some((part) => part !== "images") ? await put(path + query(), body()) : draft.answered;
    await dropDraft(id);
    form.hidden = true;
    one("overtaken").hidden = true;
    one("done").hidden = false;
    one("done-text").textContent = t("publish.js.done", { version: made.version });
    one("done-title").focus();
  });
});
for (const name of ["months", "effective", "shorter"]) one(name).addEventListener("change", judge);
one("drop").addEventListener("click", () => act(one("drop"), async () => {
  await dropDraft(id);
  location.reload();
}));

if (!isChanged(draft)) one("nothing").hidden = false;
else {
  form.hidden = false;
  one("overtaken").hidden = draft.base === draft.answered.version;
  one("effects").hidden = !parts.includes("rules");
  one("parts").replaceChildren(...parts.map((part) => Object.assign(document.createElement("li"), { className: "pill", textContent: has(`publish.js.part.${part}`) ? t(`publish.js.part.${part}`) : part })));
  await judge();
}

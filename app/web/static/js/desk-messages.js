// Messages: whom one would reach is counted first; sent, it cannot be called back.
import { $, ask, confirms, filled, notice, pages, programPath, sends, shown, when } from "./desk.js";
import { language, t } from "./texts.js";

const list = $("list");
const form = $("new");
const path = `${programPath}/messages`;
const named = (id, value) => Array.from($(id)?.options || []).find((one) => one.value === value)?.text || value;

function spoken(segment) {
  const parts = [];
  if (segment?.tier) parts.push(t("messages.js.tier", { tier: named("tier", segment.tier) }));
  if (segment?.inactive_days) parts.push(t("messages.js.inactive", { n: segment.inactive_days }));
  if (segment?.location) parts.push(t("messages.js.place", { place: named("location", segment.location) }));
  return parts.join(", ") || t("messages.js.everybody");
}

function drawn(message) {
  const isDone = message.done_at !== null && message.done_at !== undefined;
  const { text } = message;
  return filled($("row"), {
    text: typeof text === "string" ? text : text[language] || Object.values(text)[0],
    to: spoken(message.segment),
    at: when(message.created_at),
    state: t(isDone ? "messages.js.sent" : "messages.js.running", { sent: message.sent, reaches: message.reaches }),
  });
}

const load = pages($("more"), () => `${path}?limit=20`, (items, isFirst) => {
  if (isFirst) list.replaceChildren();
  list.append(...items.map(drawn));
  shown(list, $("empty"));
});

/** What the form says: a text in each language of the program, and who is meant. */
function draft() {
  const texts = Array.from(form.querySelectorAll("[data-language]"), (one) => [one.dataset.language, one.value.replace(/\s+/g, " ").trim()]);
  const data = new FormData(form);
  const segment = {};
  for (const name of ["tier", "location"]) if (data.get(name)) segment[name] = data.get(name);
  if (data.get("inactive_days")) segment.inactive_days = Number(data.get("inactive_days"));
  return { text: Object.fromEntries(texts), ...(Object.keys(segment).length ? { segment } : {}) };
}

function told(found) {
  $("reach-count").textContent = t("messages.js.reaches", { n: found.reaches });
  const more = [found.cards && t("messages.js.of", { n: found.cards })];
  for (const name of ["capped", "refused", "nobody"]) more.push(found[name] && t(`messages.js.${name}`, { n: found[name] }));
  $("reach-more").replaceChildren(...more.filter(Boolean).map((text) => {
    const line = document.createElement("li");
    line.textContent = text;
    return line;
  }));
  $("reach").hidden = false;
  counted(found.reaches > 0);
}

/** Sending comes after counting: only one of the two is the next step. */
function counted(isReady) {
  $("send").hidden = !isReady;
  $("count").classList.toggle("button-quiet", isReady);
}

if (form) {
  const sure = confirms($("sure"));
  form.addEventListener("input", () => {
    $("reach").hidden = true;
    counted(false);
  });
  sends(form, async () => told(await ask("POST", path, { ...draft(), dry_run: true })));
  $("send").addEventListener("click", () => sure($("reach-count").textContent, async (_data, key) => {
    await ask("POST", path, draft(), { key });
    notice(t("messages.js.gone"));
    form.reset();
    $("reach").hidden = true;
    counted(false);
    await load();
  }));
}
load();

// Imports another app's file: what it holds is listed first, with a tick for each card.
import { Problem, ensureSession, post } from "./api.js";
import { act, notice } from "./shell.js";
import { t } from "./texts.js";

const byId = (id) => document.getElementById(id);
const LINES = "application/x-ndjson";
const REMARKS_MAX = 200; // shown; a file may have thousands
let file = null;
let cards = [];

function step(name) {
  for (const each of ["choose", "list", "done"]) byId(`step-${each}`).hidden = each !== name;
}

function form(extra = {}) {
  const sent = new FormData();
  sent.append("file", file, "file");
  if (byId("password").value) sent.append("password", byId("password").value);
  if (byId("shop").value.trim()) sent.append("shop_name", byId("shop").value.trim());
  for (const [name, value] of Object.entries(extra)) sent.append(name, value);
  return sent;
}

/** Sentences for rows that were left out, failed or lost something; each list can be opened. */
function remarks(box, found) {
  const lists = [["failed", found.failed], ["warnings", found.warnings], ["skipped", found.skipped_rows]];
  box.replaceChildren(...lists.filter(([, rows]) => rows.length).map(([name, rows]) => {
    const details = document.createElement("details");
    details.className = "more";
    const summary = document.createElement("summary");
    summary.textContent = t(`import.js.${name}`, { n: rows.length });
    const list = document.createElement("ul");
    list.className = "spaced small";
    for (const one of rows.slice(0, REMARKS_MAX)) {
      const item = document.createElement("li");
      item.textContent = t("import.js.row", { row: String(one.row), detail: one.detail });
      list.append(item);
    }
    details.append(summary, list);
    return details;
  }));
}

/** `CODE_39` as people write it: Code 39; `EAN_13`: EAN-13. */
function titled(format) {
  if (/^(EAN|UPC|GS1|RSS)/.test(format)) return format.replace("_", "-");
  return format.toLowerCase().replace(/_code$/, "").replace(/_/g, " ").replace(/^(qr|itf|pdf)|^./, (first) => first.toUpperCase());
}

function line(card, index) {
  const item = document.createElement("li"), label = document.createElement("label");
  const tick = document.createElement("input");
  tick.type = "checkbox";
  tick.checked = true;
  tick.dataset.card = index;
  const dot = document.createElement("span");
  dot.className = "found-dot";
  if (card.color) dot.style.background = card.color;
  const text = document.createElement("span"), name = document.createElement("span"), hint = document.createElement("span");
  text.className = "found-text";
  name.className = "strong";
  name.textContent = card.label || card.shop_name;
  hint.className = "hint number";
  const code = card.barcode_format === "none" ? t("import.js.code.none") : titled(card.barcode_format);
  hint.textContent = `${card.number} · ${code}`;
  text.append(name, hint);
  label.append(tick, dot, text);
  item.append(label);
  return item;
}

const ticked = () => [...document.querySelectorAll("[data-card]:checked")].map((one) => cards[one.dataset.card]);

function count() {
  const n = ticked().length;
  byId("go").textContent = n ? t("import.js.go", { n }) : t(cards.length ? "import.js.go.none" : "import.js.nothing");
  byId("go").disabled = n === 0;
}

function list(found) {
  cards = found.cards;
  byId("found").replaceChildren(...cards.map(line));
  byId("found").hidden = byId("tick-all").hidden = cards.length === 0;
  remarks(byId("remarks"), found);
  count();
  step("list");
  byId("list").focus();
}

function asksFor(problem) {
  const isPassword = ["password-needed", "password-wrong"].includes(problem.code);
  byId("password-form").hidden = !isPassword;
  if (!isPassword) return false;
  byId("password-fault").textContent = problem.code === "password-wrong" ? t("import.js.password.wrong") : "";
  byId("password").focus();
  return true;
}

async function open(button) {
  byId("file-fault").textContent = byId("password-fault").textContent = "";
  notice(t("import.js.reading"), { seconds: 3 });
  await act(button, async () => {
    await ensureSession();
    try {
      list(await post("/v1/imports?dry_run=true", form()));
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (asksFor(problem)) return;
      const isShop = problem.errors.some((one) => one.path === "shop_name");
      byId("shop-form").hidden = !isShop;
      if (isShop) byId("shop").focus();
      // The server says which formats it reads, in the user's language.
      else byId("file-fault").textContent = problem.status === 422 ? problem.body.detail || problem.words : problem.words;
    }
  });
}

/** Sends the file for good and follows it line by line; answers the last line. */
async function send(extra) {
  let answer;
  try {
    answer = await fetch("/v1/imports", { method: "POST", body: form(extra), headers: { Accept: LINES }, credentials: "same-origin" });
  } catch {
    throw new Problem(0, {});
  }
  if (!answer.ok) throw new Problem(answer.status, await answer.json().catch(() => ({})));
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "", last = null;
  for (;;) {
    const { done, value } = await reader.read();
    rest += value || "";
    const lines = rest.split("\n");
    rest = done ? "" : lines.pop();
    for (const text of lines.filter(Boolean)) {
      last = JSON.parse(text);
      if (last.of !== undefined) {
        byId("bar").value = last.of ? last.done / last.of : 1;
        byId("going").textContent = t("import.js.going", { done: last.done, of: last.of });
      }
    }
    if (done) break;
  }
  if (last?.status >= 400) throw new Problem(last.status, last);
  if (last?.imported === undefined) throw new Problem(0, {});
  return last;
}

byId("go").addEventListener("click", (event) => act(event.currentTarget, async () => {
  const chosen = ticked();
  byId("progress").hidden = false;
  try {
    const found = await send(chosen.length === cards.length ? {} : { only: chosen.map((one) => one.id).join(",") });
    byId("done").textContent = t("import.js.done", { n: found.imported });
    remarks(byId("done-remarks"), found);
    step("done");
    byId("done").focus();
  } finally {
    byId("progress").hidden = true;
  }
}));

function restart() {
  file = null;
  byId("file").value = byId("password").value = byId("shop").value = "";
  byId("password-form").hidden = byId("shop-form").hidden = true;
  step("choose");
  byId("file").focus();
}

function choose(given) {
  if (!given) return;
  file = given;
  byId("password").value = byId("shop").value = "";
  open(byId("drop"));
}

byId("file").addEventListener("change", (event) => {
  choose(event.target.files[0]);
});
for (const name of ["dragover", "dragleave", "drop"]) {
  byId("drop").addEventListener(name, (event) => {
    event.preventDefault();
    byId("drop").classList.toggle("is-over", name === "dragover");
    if (name === "drop") choose(event.dataTransfer.files[0]);
  });
}
for (const name of ["password-form", "shop-form"]) {
  byId(name).addEventListener("submit", (event) => {
    event.preventDefault();
    open(event.submitter);
  });
}
byId("found").addEventListener("change", count);
byId("tick-all").addEventListener("click", (event) => {
  const all = event.target.dataset.all;
  if (all === undefined) return;
  for (const tick of document.querySelectorAll("[data-card]")) tick.checked = Boolean(all);
  count();
});
byId("again").addEventListener("click", restart);
byId("more").addEventListener("click", restart);

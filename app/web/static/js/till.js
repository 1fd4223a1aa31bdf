// The till: pairs this device, and leads from a scan to a sale. Each part stands in a file of its own.
import { newKey } from "./api.js";
import { act } from "./shell.js";
import * as api from "./till-api.js";
import * as day from "./till-day.js";
import { done, drawBare, next } from "./till-done.js";
import { finding } from "./till-find.js";
import "./till-keep.js";
import { pairing } from "./till-pair.js";
import * as queue from "./till-queue.js";
import * as sale from "./till-sale.js";
import { listen, scanByCamera } from "./till-scan.js";
import { hasSound, setSound } from "./till-sound.js";
import * as store from "./till-store.js";
import { at, say, show, showWho } from "./till-view.js";
import { t } from "./texts.js";

const RETRY = 15_000; // milliseconds until what waits is sent again
const DAY = 86_400_000;
let facts = null;
let isTraining = false;
let moving = null; // the sale that goes to the next card scanned
let scans = 0; // late answers for a former scan are dropped
let lastScan = { text: "", key: "", at: 0 };
const TWICE = 3_000; // milliseconds in which a reader that reads twice means one scan
const NO_AMOUNT = /^\d{8,}$/; // ten million without a decimal mark: a slow scanner wrote a card's number

const hosted = () => facts?.programs.find((one) => one.authority === "ledger");
const programOf = (card) => facts?.programs.find((one) => one.id === card.program_id);

async function begin() {
  api.use((await store.recall("token")) || null);
  facts = (await store.recall("facts")) || null;
  setSound((await store.recall("sound")) !== false);
  await train((await store.recall("training")) === true);
  await store.forgetOld(Date.now() - 2 * DAY).catch(() => {});
  paired();
  if (api.hasToken()) {
    send();
    await learn().catch(() => {});
  }
}

/** Learns what this till is; what it knew before serves without network. */
async function learn() {
  const told = await api.ask("GET", "/till");
  facts = told;
  await store.remember("facts", told);
  paired();
}

function paired() {
  const isPaired = api.hasToken();
  at("pair").hidden = isPaired;
  at("paired").hidden = at("day-open").hidden = at("more-open").hidden = !isPaired;
  at("till-name").textContent = facts?.till.name || t("till.js.title");
  at("till-place").textContent = facts ? [facts.till.merchant, facts.till.location_name || facts.till.location_id].join(" · ") : "";
  at("find-open").hidden = !facts?.programs.some((one) => one.till_search);
  at("bare-open").hidden = !hosted();
  day.use(facts, toMove);
  network();
  if (!isPaired) return at("pair-code").focus();
  if (!PARTS_OPEN()) next();
}

const PARTS_OPEN = () => ["ready", "sale", "done", "receipt"].some((name) => !at(name).hidden);

async function network({ n, aside } = {}) {
  const count = n ?? (await queue.waiting()).length;
  const left = aside ?? (await queue.setAside()).length;
  const line = at("network");
  const isOff = !navigator.onLine;
  line.textContent = [isOff ? t("till.js.offline") : t("till.js.online"), count ? t("till.js.to_send", { n: count }) : "", left ? t("till.js.to_see", { n: left }) : ""].filter(Boolean).join(" · ");
  line.classList.toggle("is-warn", isOff || count > 0 || left > 0);
}

const send = () => api.hasToken() && queue.flush().catch(() => {});

async function train(value) {
  isTraining = value;
  at("training-banner").hidden = !value;
  at("training").checked = value;
  document.body.classList.toggle("is-training", value);
  await store.remember("training", value);
}

/** Somebody's card: a code, a number, or the id that a search has found. */
async function scanned(text) {
  if (!api.hasToken()) return;
  const mine = ++scans;
  if (text !== lastScan.text || Date.now() - lastScan.at > TWICE) lastScan = { text, key: newKey(), at: Date.now() };
  const { key } = lastScan;
  const former = sale.current();
  const isProof = former && !at("proof").hidden;
  if (!isProof) {
    sale.cancel();
    show("ready");
  }
  say(t("till.js.looking"));
  const code = text.trim();
  try {
    const found = await api.ask("POST", "/scans", { code: text, ...(isTraining && { training: true }) }, { key, deadline: api.QUOTE_DEADLINE });
    if (mine !== scans) return;
    if (moving) await move(found);
    else if (!isProof || !sale.prove(found)) open(found);
    else say(t("till.js.proven"), "good");
  } catch (problem) {
    if (mine !== scans) return;
    if (!api.passes(problem)) return say(api.words(problem), "bad");
    if (moving || isProof) return say(t("till.js.no_answer"), "warn");
    openOffline(code);
  } finally {
    if (mine === scans && !at("ready").hidden) at("scan").focus();
  }
}

function open(found) {
  const program = programOf(found.card);
  showWho(found, program);
  sale.begin({ scan: found, program, isTraining });
  const isHosted = found.card.authority === "ledger";
  at("basket").hidden = !isHosted;
  show("sale");
  say(isHosted ? t("till.js.found") : t("till.js.mirrored"), isHosted ? "good" : "warn");
  (isHosted ? at("amount") : at("who")).focus();
}

/** No answer: the sale goes on, and earns once the server hears of it. */
function openOffline(code) {
  if (code.startsWith("card_")) return say(t("till.js.no_answer"), "warn");
  at("who").textContent = t("till.js.offline_who");
  at("who-hint").hidden = true;
  at("who-number").textContent = `•••• ${code.slice(-4)}`;
  at("who-tier").hidden = at("as-of").hidden = true;
  at("who-shop").textContent = "";
  at("balances").replaceChildren();
  sale.begin({ code, program: hosted(), isTraining });
  at("basket").hidden = false;
  show("sale");
  say(t("till.js.offline_sale"), "warn");
  at("amount").focus();
}

function openBare() {
  if (!hosted()) return;
  at("who").textContent = t("till.js.bare_who");
  at("who-hint").hidden = true;
  at("who-number").textContent = "";
  at("who-tier").hidden = at("as-of").hidden = true;
  at("who-shop").textContent = hosted().name;
  at("balances").replaceChildren();
  sale.begin({ program: hosted(), isTraining });
  at("basket").hidden = false;
  show("sale");
  say(t("till.js.bare"));
  at("amount").focus();
}

function toMove(one) {
  moving = one;
  sale.cancel();
  at("moving").hidden = false;
  at("moving-text").textContent = t("till.js.move_scan", { sale: one.text });
  show("ready");
  say("");
  at("scan").focus();
}

async function move(found) {
  const one = moving;
  if (isTraining) return endMove(t("till.js.training_nothing"), "warn");
  try {
    const body = { card_id: found.card.id, new_id: `${one.id}-moved`.slice(-200) };
    const answer = await api.ask("POST", `/tickets/${encodeURIComponent(one.id)}/move`, body);
    const known = await store.one("sales", one.id);
    await store.put("sales", { ...known, id: answer.id, at: Date.now(), digits: found.card.number.slice(-4) });
    endMove("");
    done({ sent: answer, id: answer.id, kept: { digits: found.card.number.slice(-4) } }, { program: programOf(found.card), name: found.display_name, title: t("till.js.moved_to") });
  } catch (problem) {
    say(api.passes(problem) ? t("till.js.no_answer") : api.words(problem), "bad");
    if (!api.passes(problem)) endMove(api.words(problem), "bad");
  }
}

function endMove(text, kind) {
  moving = null;
  at("moving").hidden = true;
  if (text) say(text, kind);
}

async function sell(event) {
  event.preventDefault();
  const now = sale.current();
  const text = at("amount").value.trim();
  if (NO_AMOUNT.test(text)) {
    at("amount").value = "";
    return void scanned(text);
  }
  lastScan = { text: "", key: "", at: 0 }; // what is shown next comes after this sale
  await act(at("sell"), async () => {
    if (!now) return;
    if (!now.scan && !now.code) return sellBare(now);
    const outcome = await sale.sell();
    if (outcome) done(outcome, { program: now.program, name: now.scan?.display_name });
  });
}

/** A sale to nobody: its receipt carries a code. Without network there is none to print. */
async function sellBare(now) {
  const bought = sale.basket();
  if (!bought) return void sale.sell();
  if (now.isTraining) return say(t("till.js.training_nothing"), "warn");
  const body = { id: now.id, occurred_at: new Date().toISOString(), program: now.program.slug, ...bought.what };
  now.body ||= body; // pressed again it is the same sale
  await store.put("sales", { id: now.id, at: Date.now(), minor: bought.minor, currency: now.currency, digits: "", isBare: true, quantities: [1] });
  try {
    drawBare(await api.ask("POST", "/receipt-codes", now.body, { key: now.id }), now.program);
  } catch (problem) {
    say(api.passes(problem) ? t("till.js.bare_offline") : api.words(problem), "bad");
  }
}

async function unpair() {
  await store.unpair();
  api.use(null);
  facts = null;
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  sale.cancel();
  for (const name of ["ready", "sale", "done", "receipt"]) at(name).hidden = true;
  paired();
}

listen(scanned);
finding(scanned);
pairing(learn);
at("basket").addEventListener("submit", sell);
at("amount").addEventListener("input", () => sale.current() && sale.changed());
at("burn-units").addEventListener("input", () => sale.current() && sale.changed());
at("burn-most").addEventListener("click", sale.most);
at("camera-open").addEventListener("click", () => scanByCamera(scanned, () => say(t("till.js.no_camera"), "bad")));
at("bare-open").addEventListener("click", openBare);
at("sale-cancel").addEventListener("click", () => {
  sale.cancel();
  next();
});
for (const id of ["next", "receipt-next"]) at(id).addEventListener("click", next);
at("undo").addEventListener("click", () => act(at("undo"), async () => (await day.undo(at("done").dataset.sale)) && next(false)));
at("receipt-undo").addEventListener("click", () => act(at("receipt-undo"), async () => (await day.undo(at("receipt").dataset.sale)) && next(false)));
at("wrong-card").addEventListener("click", () => toMove({ id: at("done").dataset.sale, text: at("done").dataset.text }));
at("moving-cancel").addEventListener("click", () => {
  endMove("");
  next();
});
at("print").addEventListener("click", () => print());
at("day-open").addEventListener("click", () => day.open());
at("more-open").addEventListener("click", () => {
  at("sound").checked = hasSound();
  at("more").showModal();
});
at("sound").addEventListener("change", async () => {
  setSound(at("sound").checked);
  await store.remember("sound", at("sound").checked);
});
at("training").addEventListener("change", () => {
  sale.cancel();
  train(at("training").checked).then(() => next());
});
document.querySelector("[data-training]").addEventListener("click", () => {
  sale.cancel();
  train(false).then(() => next());
});
at("unpair").addEventListener("click", unpair);
for (const button of document.querySelectorAll("[data-close]")) button.addEventListener("click", () => button.closest("dialog").close());
for (const dialog of document.querySelectorAll("dialog")) dialog.addEventListener("close", () => !at("ready").hidden && at("scan").focus());
addEventListener("till-queue", (event) => network(event.detail));
addEventListener("till-ended", () => {
  if (!api.hasToken()) return;
  unpair().then(() => { at("pair-fault").textContent = t("till.js.ended"); });
});
addEventListener("online", () => {
  network();
  send();
});
addEventListener("offline", () => network());
setInterval(send, RETRY);
begin();

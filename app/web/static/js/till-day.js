// The till's day: what it sold, the sums, taking a sale back, and what the server did not take.
import { newKey } from "./api.js";
import { ask, passes, words } from "./till-api.js";
import { minorOf, money } from "./till-money.js";
import * as queue from "./till-queue.js";
import * as store from "./till-store.js";
import { at, element, hour, say, unitsWords } from "./till-view.js";
import { t } from "./texts.js";

let facts = null;
let moves = null;

/** `onMove(sale)`: somebody wants a sale on another card. */
export function use(value, onMove) {
  facts = value;
  moves = onMove;
}

const program = () => ({ units: (facts?.programs || []).flatMap((one) => one.units) });

/**
 * Takes a sale back, once, however often it is pressed: its id makes the refund's. `rest`: minor units
 * that are left of it, where a part was taken back before.
 */
export async function undo(id, rest = null) {
  if (await queue.takeBack(id)) {
    say(t("till.js.undone"), "good");
    return true;
  }
  const known = await store.one("sales", id);
  const taken = known?.isBare ? { path: `/receipt-codes/${encodeURIComponent(id)}/void`, body: {} } : null;
  const lines = (known?.quantities || [1]).map((qty, index) => [index, qty]);
  const entry = taken || { path: `/tickets/${encodeURIComponent(id)}/refunds`, body: { id: `${id}-undo`, occurred_at: new Date().toISOString(), ...(rest === null ? { lines } : { amount_minor: rest }) } };
  return sendBack({ ...entry, key: `${id}-undo` });
}

async function sendBack(entry) {
  const kept = await queue.keep(entry);
  const outcome = await queue.flush({ number: kept.number });
  if (outcome.sent) say(t("till.js.undone"), "good");
  else if (outcome.refused?.code === "over-refund") say(t("till.js.undone_before"), "warn");
  else if (outcome.refused) say(words(outcome.refused), "bad");
  else say(t("till.js.undo_waits"), "warn");
  return Boolean(outcome.sent || !outcome.refused);
}

/** Opens the day. */
export async function open() {
  const dialog = at("day");
  if (!dialog.open) dialog.showModal();
  await drawKept();
  at("totals").replaceChildren();
  at("sales").replaceChildren();
  at("day-empty").hidden = true;
  try {
    const day = await ask("GET", "/tickets");
    drawTotals(day.totals);
    at("sales").replaceChildren(...day.items.map(row));
    at("day-empty").hidden = day.items.length > 0;
  } catch (problem) {
    at("totals").replaceChildren(element("p", { className: "muted" }, passes(problem) ? t("till.js.day_offline") : words(problem)));
  }
}

function drawTotals(totals) {
  const pairs = [[t("till.js.tickets"), String(totals.tickets)]];
  for (const [currency, minor] of Object.entries(totals.amounts_minor)) {
    pairs.push([t("till.js.sum"), money(minor, currency)]);
    if (totals.refunded_minor[currency]) pairs.push([t("till.js.refunds"), money(-totals.refunded_minor[currency], currency)]);
  }
  const earned = unitsWords(totals.earned_units, program());
  const burned = unitsWords(totals.burned_units, program());
  if (earned) pairs.push([t("till.js.earned"), earned]);
  if (burned) pairs.push([t("till.js.burned"), burned]);
  at("totals").replaceChildren(...pairs.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value))));
}

function row(sale) {
  const digits = sale.card_last_digits ? `•••• ${sale.card_last_digits}` : t("till.js.no_card");
  const told = [unitsWords(sale.earned_units, program()), sale.moved_to ? t("till.js.moved") : sale.refunded ? t("till.js.taken_back", { amount: money(sale.refunded_minor, sale.currency) }) : ""].filter(Boolean).join(" · ");
  const line = element("li", {}, element("div", {}, element("strong", {}, `${hour.format(new Date(sale.at))} · ${money(sale.amount_minor, sale.currency)}`), element("span", { className: "hint" }, [digits, told].filter(Boolean).join(" · "))));
  const rest = sale.amount_minor - sale.refunded_minor;
  if (sale.moved_to || (sale.refunded && rest === 0)) return line;
  const back = element("button", { type: "button", className: "button button-quiet button-small" }, t("till.js.undo"));
  back.addEventListener("click", async () => {
    if (back.disabled) return;
    back.disabled = true;
    await undo(sale.id, sale.refunded_minor ? rest : null);
    await open();
  });
  line.append(back);
  if (sale.ticket_id && rest > 0) line.append(partButton(sale, rest, line));
  if (sale.ticket_id && !sale.refunded) {
    const move = element("button", { type: "button", className: "button button-quiet button-small" }, t("till.js.move"));
    move.addEventListener("click", () => {
      at("day").close();
      moves({ id: sale.id, text: `${money(sale.amount_minor, sale.currency)} · ${digits}` });
    });
    line.append(move);
  }
  return line;
}

/** Takes back a part: what it costs is typed, at most what is left. */
function partButton(sale, rest, line) {
  const button = element("button", { type: "button", className: "button button-quiet button-small" }, t("till.js.part"));
  button.addEventListener("click", () => {
    button.hidden = true;
    const field = element("input", { className: "input", inputMode: "decimal", maxLength: 24 });
    const fault = element("span", { className: "fault", role: "alert" });
    const go = element("button", { className: "button" }, t("till.js.part_go"));
    const form = element("form", { className: "part", noValidate: true }, element("label", {}, t("till.js.part_amount", { most: money(rest, sale.currency) }), field), go, fault);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const minor = minorOf(field.value.trim(), sale.currency);
      if (!minor || minor > rest) return void (fault.textContent = t("till.js.part_amount", { most: money(rest, sale.currency) }));
      if (go.disabled) return;
      go.disabled = true;
      const id = newKey();
      await sendBack({ path: `/tickets/${encodeURIComponent(sale.id)}/refunds`, body: { id, occurred_at: new Date().toISOString(), amount_minor: minor }, key: id });
      await open();
    });
    line.append(form);
    field.focus();
  });
  return button;
}

/** What waits, and what the server did not take: somebody must look at it. */
async function drawKept() {
  const waiting = await queue.waiting();
  const aside = await queue.setAside();
  const parts = [];
  if (waiting.length) parts.push(element("p", { className: "box box-warn" }, t("till.js.waiting", { n: waiting.length })));
  for (const entry of aside) {
    const seen = element("button", { type: "button", className: "button button-quiet button-small" }, t("till.js.seen"));
    seen.addEventListener("click", async () => {
      await store.remove("aside", entry.number);
      await open();
    });
    const why = words({ code: entry.code, words: t("common.js.error") });
    parts.push(element("div", { className: "box box-warn aside" }, element("p", {}, t("till.js.aside", { at: hour.format(new Date(entry.at)), why })), seen));
  }
  at("day-waiting").replaceChildren(...parts);
}

// One sale: what is bought, what is spent, the quote, the hold, the ticket. Ids are kept before they are sent.
import { newKey } from "./api.js";
import { QUOTE_DEADLINE, ask, passes, words } from "./till-api.js";
import { digitsOf, minorOf, money, unitsText } from "./till-money.js";
import * as queue from "./till-queue.js";
import * as store from "./till-store.js";
import { at, element, items, say, unitsWords, voucherMinor, voucherText } from "./till-view.js";
import { t } from "./texts.js";

const PAUSE = 180; // milliseconds without a key, after which a quote is asked
let sale = null;
let timer = 0;
let run = 0; // grows with each quote asked: late answers for another are dropped

export const current = () => sale;

/** Begins a sale to who was scanned; offline to a bare `code`; to nobody with neither. */
export function begin({ scan = null, code = null, program, isTraining }) {
  sale = {
    scan, code, program, isTraining, currency: program?.currency || "EUR", id: newKey(), holdKey: newKey(),
    hold: null, holdFor: "", vouchers: new Set(), stamps: new Map(), burn: null, quote: null, isSent: false,
  };
  at("amount").value = "";
  at("amount-fault").textContent = "";
  at("amount-currency").textContent = sale.currency;
  at("proof").hidden = true;
  at("burn-units").value = "";
  drawVouchers();
  drawStamps();
  drawBurns();
  changed();
}

/** Lets go of a sale; units that were set aside for it go back. */
export function cancel() {
  const former = sale;
  sale = null;
  run += 1;
  clearTimeout(timer);
  if (former?.hold && !former.isSent) ask("POST", `/holds/${former.hold.id}/void`, {}).catch(() => {}); // else it times out
}

/** Takes a new scan of the same card as the proof that it is there. */
export function prove(scan) {
  if (!sale?.scan || scan.card.id !== sale.scan.card.id) return false;
  sale.scan = { ...sale.scan, scan_id: scan.scan_id };
  at("proof").hidden = true;
  return true;
}

function drawVouchers() {
  const usable = sale.scan?.vouchers || [];
  at("vouchers-box").hidden = usable.length === 0;
  at("vouchers").replaceChildren(...usable.map((voucher) => {
    const button = element("button", { type: "button", className: "voucher" },
      element("strong", {}, voucherText(voucher, sale.currency)), " ", element("span", {}, voucher.template.replaceAll("_", " ")));
    button.setAttribute("aria-pressed", "false");
    const owner = sale;
    button.addEventListener("click", () => {
      if (owner !== sale) return;
      if (!sale.vouchers.delete(voucher.code)) sale.vouchers.add(voucher.code);
      button.setAttribute("aria-pressed", String(sale.vouchers.has(voucher.code)));
      changed();
    });
    return element("li", {}, button);
  }));
}

/** One touch is one stamp; a touch on the count takes one back. */
function drawStamps() {
  const kinds = sale.scan?.card.authority === "ledger" || sale.code ? sale.program?.stamps || [] : [];
  at("stamps").hidden = kinds.length === 0;
  at("stamps").replaceChildren(...kinds.map((stamp, index) => {
    const name = stamp.tag || stamp.sku;
    const add = element("button", { type: "button", className: "button stamp" }, `+${stamp.units} ${stamp.name}`, element("span", { className: "stamp-of" }, name));
    const less = element("button", { type: "button", className: "button button-quiet stamp-count", hidden: true });
    const count = (by) => {
      sale.stamps.set(index, Math.max(0, (sale.stamps.get(index) || 0) + by));
      const n = sale.stamps.get(index);
      less.hidden = n === 0;
      less.textContent = `× ${n}`;
      less.setAttribute("aria-label", t("till.js.stamp_less", { n, name }));
      changed();
    };
    add.addEventListener("click", () => count(1));
    less.addEventListener("click", () => count(-1));
    return element("div", { className: "stamp-pair" }, add, less);
  }));
}

function drawBurns() {
  const offers = sale.scan?.burns || [];
  at("burns").hidden = offers.length === 0;
  at("burn-field").hidden = true;
  const choices = [null, ...offers].map((offer, index) => {
    const radio = element("input", { type: "radio", name: "burn", checked: index === 0 });
    radio.addEventListener("change", () => choose(offer));
    return element("label", { className: "check" }, radio, offer ? offer.text : t("till.js.spend_nothing"));
  });
  at("burn-choices").replaceChildren(...choices);
}

function choose(offer) {
  sale.burn = offer;
  at("burn-field").hidden = !offer;
  if (offer) {
    at("burn-label").textContent = offer.type === "item_for_units" ? t("till.js.spend_item", { currency: sale.currency }) : t("till.js.spend_units", { n: offer.units_max });
    at("burn-most").hidden = offer.type === "item_for_units";
    at("burn-units").value = offer.type === "item_for_units" ? "" : String(offer.units_max);
    at("burn-units").focus();
    at("burn-units").select();
  }
  changed();
}

/** What is spent, as the server is asked; null for nothing. */
function burn() {
  if (!sale.burn) return null;
  const text = at("burn-units").value.trim();
  if (sale.burn.type === "item_for_units") {
    const minor = minorOf(text, sale.currency);
    return minor ? { rule: sale.burn.rule, unit_minor: minor } : null;
  }
  const units = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  return units > 0 ? { rule: sale.burn.rule, units } : null;
}

/** What is bought; null while nothing is. */
export function basket() {
  const text = at("amount").value.trim();
  const minor = text ? minorOf(text, sale.currency) : 0;
  const stamps = [...sale.stamps].filter(([, qty]) => qty > 0).map(([index, qty]) => {
    const { tag, sku } = sale.program.stamps[index];
    return { unit_minor: 0, qty, ...(tag ? { tags: [tag] } : { sku }) };
  });
  if (minor === null || (!text && !stamps.length)) return null;
  const what = stamps.length ? { lines: [...(text ? [{ unit_minor: minor, qty: 1 }] : []), ...stamps] } : { amount_minor: minor };
  return { minor, what };
}

/** Asks for a quote once the keys rest, and shows what is to pay. */
export function changed() {
  clearTimeout(timer);
  run += 1;
  const bought = basket();
  at("amount-fault").textContent = at("amount").value.trim() && !bought ? t("till.js.amount_fault", { example: example() }) : "";
  sale.quote = null;
  if (!bought || !sale.scan || sale.scan.card.authority !== "ledger") {
    items(at("reasons"), sale.code ? [t("till.js.offline_sale")] : []);
    pay(bought);
    return;
  }
  pay(bought);
  timer = setTimeout(quote, PAUSE, bought, run);
}

const example = () => (digitsOf(sale.currency) ? "12,50" : "1250");

async function quote(bought, mine) {
  const asked = burn();
  const owner = sale;
  try {
    const answer = await ask("POST", "/quotes", { card_id: owner.scan.card.id, basket: bought.what, ...(asked && { burn: asked }) }, { deadline: QUOTE_DEADLINE });
    if (mine !== run || owner !== sale) return;
    sale.quote = answer;
    const earned = unitsWords(answer.earned_units, sale.program);
    items(at("reasons"), [
      earned ? t("till.js.earns", { units: earned }) : t("till.js.earns_nothing"),
      ...answer.lines.map((line) => line.text), ...answer.refusals.map((why) => t("till.js.why_not", { why: why.text })),
    ]);
    pay(bought);
    if (answer.refusals.length) say(answer.refusals[0].text, "warn");
  } catch (problem) {
    if (mine !== run || owner !== sale) return;
    items(at("reasons"), [passes(problem) ? t("till.js.sell_without") : words(problem)]);
    if (passes(problem)) say(t("till.js.no_answer"), "warn");
  }
}

function pay(bought) {
  at("pay").hidden = !bought;
  if (!bought) return;
  let left = bought.minor - (sale.quote?.discount_minor || 0);
  for (const voucher of sale.scan?.vouchers || []) if (sale.vouchers.has(voucher.code)) left -= voucherMinor(voucher, bought.minor);
  at("pay-amount").textContent = money(Math.max(0, left), sale.currency);
}

export const most = () => {
  if (!sale?.burn) return;
  at("burn-units").value = String(sale.burn.units_max);
  changed();
};

/** Sets units aside. Answers whether the sale may go on; why not stands on the page. */
async function setAside() {
  const asked = burn();
  if (!asked || sale.isTraining) return true;
  const wanted = JSON.stringify([asked, sale.scan.scan_id]);
  if (sale.hold && sale.holdFor === wanted) return true;
  if (sale.hold) await ask("POST", `/holds/${sale.hold.id}/void`, {}).catch(() => {});
  sale.hold = null;
  if (sale.holdFor !== wanted) sale.holdKey = newKey();
  sale.holdFor = wanted;
  try {
    sale.hold = await ask("POST", "/holds", { card_id: sale.scan.card.id, burn: asked, scan_id: sale.scan.scan_id }, { key: sale.holdKey });
    return true;
  } catch (problem) {
    if (problem.code === "proof-needed") {
      at("proof").hidden = false;
      say(t("till.js.proof"), "warn");
      at("scan").focus();
    } else if (passes(problem)) say(t("till.js.no_spending"), "warn");
    else say(words(problem), "bad");
    return false;
  }
}

/** Closes the sale. Answers what became of it, or null where it may not go on yet. */
export async function sell() {
  const bought = basket();
  if (!bought) {
    at("amount-fault").textContent = t("till.js.amount_fault", { example: example() });
    at("amount").focus();
    return null;
  }
  const owner = sale;
  if (!(await setAside()) || owner !== sale) return null;
  if (sale.isTraining) return { training: true, quote: sale.quote };
  const whose = sale.scan ? { card_id: sale.scan.card.id } : { code: sale.code };
  const body = {
    id: sale.id, occurred_at: new Date().toISOString(), ...whose, ...bought.what,
    ...(sale.hold && { hold_id: sale.hold.id }), ...(sale.vouchers.size && { voucher_codes: [...sale.vouchers] }),
  };
  sale.isSent = true;
  const kept = { id: sale.id, at: Date.now(), minor: bought.minor, currency: sale.currency, digits: sale.scan?.card.number.slice(-4) || "", quantities: bought.what.lines?.map((line) => line.qty) || [1] };
  await store.put("sales", kept);
  const entry = await queue.keep({ path: "/tickets", body, key: sale.id });
  const outcome = await queue.flush({ number: entry.number });
  return { ...outcome, id: sale.id, kept, spent: sale.hold && unitsText(sale.hold.units, sale.program?.units.find((unit) => unit.id === owner.hold.unit)) };
}

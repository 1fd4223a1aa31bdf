// Draws what the till shows: who, balances, reasons, and one line that says what has just happened.
import { money, unitsText } from "./till-money.js";
import { sound } from "./till-sound.js";
import { language, t } from "./texts.js";

export const at = (id) => document.getElementById(id);
const PARTS = ["ready", "sale", "done", "receipt"];
const SIGNS = { good: "✓", bad: "✕", warn: "!" };
export const hour = new Intl.DateTimeFormat(language, { timeStyle: "short" });

/** Shows one part of the page; the scan field always stands above it. */
export function show(part) {
  for (const name of PARTS) at(name).hidden = name !== part;
  if (part !== "sale" && part !== "ready") say("");
}

/** Says what has just happened: a colour, a sign, a sound and words. */
export function say(text, kind = "") {
  const line = at("said");
  line.className = `said ${kind ? `is-${kind}` : ""}`;
  line.replaceChildren();
  if (!text) return;
  if (SIGNS[kind]) line.append(element("span", { className: "said-sign", ariaHidden: "true" }, SIGNS[kind]), " ");
  line.append(text);
  sound(kind);
}

/** Makes an element. */
export function element(name, properties = {}, ...children) {
  const { role, ...own } = properties;
  const made = Object.assign(document.createElement(name), own);
  if (role) made.setAttribute("role", role);
  made.append(...children);
  return made;
}

export const items = (list, texts) => list.replaceChildren(...texts.map((text) => element("li", {}, text)));

/** Shows balances large, each by its name. */
export function showBalances(list, card, program) {
  list.replaceChildren(...card.balances.map((one) => {
    const unit = program?.units.find((each) => each.id === one.unit);
    const value = unit?.currency ? money(one.value, unit.currency) : new Intl.NumberFormat(language).format(one.value);
    return element("li", {}, element("strong", {}, value), " ", element("span", {}, unit?.name || one.name));
  }));
}

/** Writes units by unit id, `{pts: 12}`, in words. */
export function unitsWords(units, program) {
  return Object.entries(units || {}).filter(([, count]) => count !== 0)
    .map(([id, count]) => unitsText(count, program?.units.find((unit) => unit.id === id) || { name: id })).join(", ");
}

/** Shows who stands there; the name is to be compared with the person. */
export function showWho(scan, program) {
  const { card } = scan;
  at("who").textContent = scan.display_name || t("till.js.no_name");
  at("who-hint").hidden = !scan.display_name;
  at("who-number").textContent = `•••• ${card.number.slice(-4)}`;
  at("who-tier").hidden = !card.tier;
  at("who-tier").textContent = program?.tiers?.[card.tier?.id] || card.tier?.name || "";
  at("who-shop").textContent = card.shop_name;
  showBalances(at("balances"), card, program);
  const isMirrored = card.authority !== "ledger";
  at("as-of").hidden = !(isMirrored && card.as_of);
  if (card.as_of) at("as-of").textContent = t("till.js.as_of", { at: new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(new Date(card.as_of)) });
}

/** What a voucher is worth, in words. */
export function voucherText(voucher, currency) {
  if (voucher.kind === "amount") return money(voucher.value, currency);
  if (voucher.kind === "percent") return `${new Intl.NumberFormat(language, { maximumFractionDigits: 2 }).format(voucher.value / 100)} %`;
  return t("till.js.item");
}

/** What a voucher takes off a basket, minor units. */
export function voucherMinor(voucher, minor) {
  if (voucher.kind === "amount") return voucher.value;
  return voucher.kind === "percent" ? Number((BigInt(minor) * BigInt(voucher.value)) / 10000n) : 0;
}

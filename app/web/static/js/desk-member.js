// One member's card: its timeline, and what staff does to it by hand.
import { $, ask, digitsOf, filled, open, pages, programPath, sends, shown, signed, when } from "./desk.js";
import { language, t } from "./texts.js";

const { card, number } = $("card").dataset;
const path = `${programPath}/cards/${card}`;
const list = $("story");
const currencies = new Map(Array.from(document.querySelectorAll("#adjust option"), (it) => [it.value, it.dataset.currency]));

const money = (currency) => new Intl.NumberFormat(language, { style: "currency", currency, signDisplay: "exceptZero" });

function units(item) {
  if (item.units === undefined) return null;
  const currency = currencies.get(item.unit);
  return currency ? money(currency).format(item.units / 10 ** digitsOf(currency)) : signed.format(item.units);
}

function drawn(item) {
  const row = filled($("moment"), {
    text: item.text,
    units: units(item),
    at: when(item.at),
    reason: item.reason && !item.text.includes(item.reason) ? ` · ${item.reason}` : null,
    by: item.by ? ` · ${t("members.js.by", { who: item.by })}` : null,
  });
  row.dataset.kind = item.kind;
  return row;
}

const load = pages($("more"), () => `${path}/timeline?limit=30`, (items, isFirst) => {
  if (isFirst) list.replaceChildren();
  list.append(...items.map(drawn));
  shown(list, $("story-empty"));
});

for (const button of document.querySelectorAll("[data-opens]")) {
  button.addEventListener("click", () => open($(button.dataset.opens)));
}

/** What a dialog's form does; the page is then read anew, since much of it has changed. */
function does(id, work) {
  const dialog = $(id);
  if (dialog) sends(dialog.querySelector("form"), async (data, key) => {
    await work(data, key);
    location.reload();
  });
}

// The same press again must say the same moment: it belongs to the key.
const moments = new Map();
const momentOf = (key) => moments.get(key) || moments.set(key, new Date().toISOString()).get(key);

does("adjust", (data, key) => {
  const currency = currencies.get(data.get("unit"));
  const value = Number(data.get("units")) * 10 ** (currency ? digitsOf(currency) : 0);
  return ask("POST", `${programPath}/events`, {
    type: "adjust", id: `console-${key}`, card_number: number, occurred_at: momentOf(key),
    unit: data.get("unit"), units: Math.round(value), reason: data.get("reason").trim(),
  }, { key });
});
does("voucher", (data, key) =>
  ask("POST", `${path}/vouchers`, { voucher: data.get("voucher"), reason: data.get("reason").trim() }, { key }));
does("renumber", (data, key) => {
  const wanted = data.get("number").trim();
  return ask("POST", `${path}/renumber`, wanted ? { number: wanted } : {}, { key });
});
if ($("merge")) {
  sends($("merge").querySelector("form"), async (data, key) => {
    const kept = await ask("POST", `${path}/merge`, { into: data.get("into").trim() }, { key });
    location.href = `${location.pathname.replace(/\/[^/]*$/, "")}/${kept.id}`;
  });
}
load();

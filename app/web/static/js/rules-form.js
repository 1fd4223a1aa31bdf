// Draws the forms of rules and reads them: each field writes one place of the JSON.
import { setAt, valueAt } from "./fields.js";
import { kindOf, PARTS } from "./rules-kinds.js";
import { t, has } from "./texts.js";

const SPANS = { D: "days", W: "weeks", M: "months", Y: "years" };
let serial = 0;

function make(tag, given = {}, ...inside) {
  const one = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || value === null || value === false) continue;
    if (name in one && typeof value !== "string") one[name] = value;
    else one.setAttribute(name, value === true ? "" : value);
  }
  one.append(...inside);
  return one;
}

const decimals = (rules) => {
  try {
    return new Intl.NumberFormat("en", { style: "currency", currency: rules.currency }).resolvedOptions().maximumFractionDigits;
  } catch {
    return 2;
  }
};
const options = (values, chosen, word) => values.map((value) => make("option", { value, selected: value === chosen }, word(value)));

function input(id, path, how, more = {}) {
  return make("input", { class: "input", id, "data-path": path, "data-how": how, "aria-describedby": `${id}-fault`, ...more });
}

function entry(id, path, how, choices, rules, found) {
  const at = `rules.${path}`;
  const select = (values, word = (one) => one) => {
    const all = found === undefined || found === null || values.includes(found) ? values : [...values, found];
    return make("select", { class: "input", id, "data-path": at, "data-how": "choice", "aria-describedby": `${id}-fault` }, ...options(all, found ?? values[0], word));
  };
  switch (how) {
    case "choice": return select(choices, (one) => t(`rules.js.choice.${one}`));
    case "unit": return select(rules.units.map((one) => one.id));
    case "voucher": return select((rules.vouchers || []).map((one) => one.id));
    case "money": case "threshold": case "percent": return input(id, at, how, { type: "number", step: "any", min: "0", inputmode: "decimal" });
    case "value": return input(id, at, "value", { type: "number", step: "any", min: "0", inputmode: "decimal" });
    case "count": return input(id, at, how, { type: "number", step: "1", min: "0", inputmode: "numeric" });
    case "table": return make("textarea", { class: "input mono", id, rows: "3", "data-path": at, "data-how": how, "aria-describedby": `${id}-fault` });
    case "duration": {
      const parts = /^P(\d+)([DWMY])$/.exec(found || "");
      if (found && !parts) return input(id, at, "text");
      const span = make("select", { class: "input", "data-span-of": id, "aria-label": t("rules.js.span") }, ...options(Object.keys(SPANS), parts?.[2] || "M", (one) => t(`rules.js.span.${SPANS[one]}`)));
      return make("div", { class: "pair" }, input(id, at, how, { type: "number", step: "1", min: "0", inputmode: "numeric" }), span);
    }
    default: return input(id, at, how, how === "id" ? { spellcheck: "false", autocapitalize: "none" } : {});
  }
}

/** Which scale a voucher's value has: money, percent, or none. */
const scaleOf = (how, path, rules) => {
  if (how === "money") return 10 ** decimals(rules);
  if (how === "percent") return 100;
  if (how === "threshold") {
    const metric = valueAt(rules, path.replace(/\.value$/, ".metric"));
    return (rules.metrics || []).find((one) => one.id === metric)?.agg === "net_amount" ? 10 ** decimals(rules) : 1;
  }
  if (how === "value") return { amount: 10 ** decimals(rules), percent: 100 }[valueAt(rules, path.replace(/\.value$/, ".kind"))] || 1;
  return 1;
};

function show(field, rules) {
  const path = field.dataset.path.replace(/^rules\./, "");
  const found = valueAt(rules, path);
  const { how } = field.dataset;
  if (how === "choice") return;
  if (how === "duration") field.value = /\d+/.exec(found || "")?.[0] || "";
  else if (how === "table") field.value = Object.entries(found || {}).map(([name, count]) => `${name} = ${count}`).join("\n");
  else if (field.type === "number") field.value = found === undefined || found === null ? "" : String(found / scaleOf(how, path, rules));
  else field.value = found ?? "";
}

/** Reads what a field holds into the rules; what is emptied is taken away. */
export function takeRule(field, rules) {
  const asked = field.dataset.spanOf ? document.getElementById(field.dataset.spanOf) : field;
  const path = asked.dataset.path.replace(/^rules\./, "");
  const { how } = asked.dataset;
  let value = asked.value.trim();
  if (how === "duration") {
    const span = document.querySelector(`[data-span-of="${asked.id}"]`).value;
    value = Number(value) ? `P${Number(value)}${span}` : undefined;
  } else if (how === "table") {
    value = Object.fromEntries(value.split("\n").map((line) => /^(.*?)\s*=\s*(\d+)\s*$/.exec(line)).filter(Boolean).map((found) => [found[1].trim(), Number(found[2])]));
  } else if (asked.type === "number") value = value === "" ? undefined : Math.round(Number(value) * scaleOf(how, path, rules));
  else if (value === "" && how !== "id") value = undefined;
  setAt(rules, path, value);
}

/** A sentence on when a rule counts, where conditions are written as JSON. */
function conditions(rule) {
  const when = rule.when || [];
  return when.length ? t("rules.js.when", { when: when.map((one) => t(has(`rules.js.when.${one.type}`) ? `rules.js.when.${one.type}` : "rules.js.when.other", { type: one.type, tier: one.tier || "" })).join(", ") }) : "";
}

function ruleRow(part, place, rule, rules) {
  const path = `${PARTS[part].list}[${place}]`;
  const kind = kindOf(part, rule);
  const title = kind ? t(`rules.js.kind.${kind}`) : t("rules.js.kind.other", { type: rule.type || "" });
  const name = rule.id ? `${title} · ${rule.id}` : title;
  const fault = `fault-${(serial += 1)}`;
  const removes = make("button", { class: "icon-button", type: "button", "data-take-away": path, "aria-label": t("rules.js.remove", { name }) }, "✕");
  const row = make("section", { class: "rule", "data-group": `rules.${path}`, tabindex: "-1", "aria-describedby": `${fault}-fault`, "aria-label": name }, make("div", { class: "rule-head" }, make("h3", {}, name), removes));
  const fields = make("div", { class: "rule-fields" });
  for (const [inner, how, choices] of kind ? PARTS[part].kinds[kind].fields : []) {
    if (how === "when" || (inner === "enter.value" && (place === 0 || rule.enter?.type !== "metric"))) continue;
    // What a free item is worth is no question of money.
    if (inner === "minor_per_unit" && (rules.vouchers || []).find((one) => one.id === rule.voucher)?.kind === "item") continue;
    const id = `rule-${(serial += 1)}`;
    const control = entry(id, `${path}.${inner}`, how, choices, rules, valueAt(rule, inner));
    const hint = `rules.js.hint.${inner}`;
    const label = how === "value" ? `value_${rule.kind}` : inner;
    if (label === "value_item") continue;
    fields.append(make("div", { class: "field" }, make("label", { for: id }, t(`rules.js.field.${label}`)), control,
      ...(has(hint) ? [make("span", { class: "hint" }, t(hint))] : []), make("span", { class: "fault", id: `${id}-fault` })));
  }
  const said = kind ? conditions(rule) : t("rules.js.json_only");
  row.append(fields, ...(said ? [make("p", { class: "hint" }, said)] : []), make("span", { class: "fault", id: `${fault}-fault` }));
  return row;
}

/** Draws all parts anew. */
export function drawRules(form, rules) {
  for (const holder of form.querySelectorAll("[data-part]")) {
    const { part } = holder.dataset;
    const items = valueAt(rules, PARTS[part].list) || [];
    holder.querySelector("[data-rows]").replaceChildren(...items.map((rule, place) => ruleRow(part, place, rule, rules)));
  }
  for (const field of form.querySelectorAll("[data-how]")) show(field, rules);
}

// What the forms of rules show of each kind: its fields, and what a new one begins with.
// A field: [path within the rule, how it is entered, choices]. What stands in no form is kept.

const unit = ["unit", "unit"];

export const PARTS = {
  units: {
    list: "units",
    kinds: {
      unit: {
        fields: [["id", "id"], ["kind", "choice", ["points", "stamps", "cashback", "status"]], ["expiry.after", "duration"],
          ["expiry.align", "choice", ["none", "end_of_day", "end_of_month", "end_of_year"]], ["expiry.inactivity", "duration"], ["pending", "duration"]],
        fresh: (rules) => ({ id: freeId("unit", rules.units) }),
      },
    },
  },
  earn: {
    list: "earn",
    kinds: {
      per_amount: {
        fields: [unit, ["points", "count"], ["step_minor", "money"], ["rounding", "choice", ["floor", "half_up", "ceil", "half_even"]], ["remainder", "choice", ["drop", "carry"]]],
        fresh: (rules) => ({ type: "per_amount", id: freeId("earn", rules.earn), unit: firstUnit(rules), step_minor: 100, points: 1 }),
      },
      percent: {
        fields: [unit, ["bps", "percent"], ["cap", "count"]],
        fresh: (rules) => ({ type: "percent", id: freeId("earn", rules.earn), unit: firstUnit(rules), bps: 500 }),
      },
      per_item: {
        fields: [unit, ["table", "table"]],
        fresh: (rules) => ({ type: "per_item", id: freeId("earn", rules.earn), unit: firstUnit(rules), table: { "tag:coffee": 1 } }),
      },
      per_event: {
        fields: [unit, ["event", "text"], ["points", "count"], ["limit.times", "count"], ["limit.per", "choice", ["lifetime", "day", "month", "year", "object"]]],
        fresh: (rules) => ({ type: "per_event", id: freeId("earn", rules.earn), unit: firstUnit(rules), event: "review", points: 10, limit: { times: 1, per: "lifetime" } }),
      },
    },
  },
  multipliers: {
    list: "multipliers",
    kinds: {
      multiplier: {
        fields: [["id", "id"], unit, ["num", "count"], ["den", "count"], ["when", "when"]],
        fresh: (rules) => ({ id: freeId("bonus", rules.multipliers), unit: firstUnit(rules), num: 2, den: 1, when: [{ type: "birthday_within", days_before: 3, days_after: 3 }] }),
      },
    },
  },
  tiers: {
    list: "tiers.ladder",
    kinds: {
      tier: {
        fields: [["id", "id"], ["enter.value", "threshold"], ["hold", "duration"], ["grace", "duration"]],
        fresh: freshTier,
      },
    },
  },
  vouchers: {
    list: "vouchers",
    kinds: {
      voucher: {
        fields: [["id", "id"], ["kind", "choice", ["amount", "percent", "item"]], ["value", "value"], ["valid", "duration"], ["min_basket_minor", "money"]],
        fresh: (rules) => ({ id: freeId("voucher", rules.vouchers), kind: "amount", value: 500, valid: "P6M" }),
      },
    },
  },
  burn: {
    list: "burn",
    kinds: {
      pay: {
        fields: [unit, ["minor_per_unit", "money"], ["min_units", "count"]],
        fresh: (rules) => ({ type: "pay", id: freeId("burn", rules.burn), unit: firstUnit(rules), minor_per_unit: 1, min_units: 100 }),
      },
      convert: {
        fields: [unit, ["voucher", "voucher"], ["minor_per_unit", "money"], ["min_units", "count"], ["take", "choice", ["all", "multiples"]], ["mode", "choice", ["on_demand", "auto", "scheduled"]]],
        fresh: (rules) => ({ type: "convert", id: freeId("burn", rules.burn), unit: firstUnit(rules), voucher: firstVoucher(rules), minor_per_unit: 1, min_units: 100, take: "multiples", mode: "auto" }),
      },
      catalogue: {
        fields: [unit, ["cost", "count"], ["grant.voucher", "voucher"], ["stock", "count"]],
        fresh: (rules) => ({ type: "catalogue", id: freeId("burn", rules.burn), unit: firstUnit(rules), cost: 100, grant: { type: "voucher", voucher: firstVoucher(rules) } }),
      },
      item_for_units: {
        fields: [unit, ["minor_per_unit", "money"], ["min_minor", "money"]],
        fresh: (rules) => ({ type: "item_for_units", id: freeId("burn", rules.burn), unit: firstUnit(rules), minor_per_unit: 1 }),
      },
    },
  },
};

function freeId(base, items = []) {
  const taken = new Set(items.map((one) => one.id));
  if (!taken.has(base)) return base;
  let number = 2;
  while (taken.has(`${base}${number}`)) number += 1;
  return `${base}${number}`;
}

function firstUnit(rules) {
  return rules.units?.[0]?.id || "pts";
}

/** The first voucher's id; makes one where a reward needs it. */
function firstVoucher(rules) {
  rules.vouchers = rules.vouchers || [];
  if (!rules.vouchers.length) rules.vouchers.push({ id: "voucher", kind: "amount", value: 500, valid: "P6M" });
  return rules.vouchers[0].id;
}

/** A tier above the others, reached by what was spent in twelve months; the first has no threshold. */
function freshTier(rules) {
  const ladder = rules.tiers.ladder;
  if (!ladder.length) return { id: "member" };
  rules.metrics = rules.metrics || [];
  let metric = rules.metrics.find((one) => one.agg === "net_amount");
  if (!metric) {
    metric = { id: freeId("spend12", rules.metrics), agg: "net_amount", window: { rolling: "P12M" } };
    rules.metrics.push(metric);
  }
  const above = Math.max(0, ...ladder.map((one) => one.enter?.value || 0));
  return { id: freeId("tier", ladder), enter: { type: "metric", metric: metric.id, op: "ge", value: above + 10000 }, hold: "P12M" };
}

/** The kind of a rule in its list: by its type, or the only one there is; null: no form shows it. */
export function kindOf(part, rule) {
  const names = Object.keys(PARTS[part].kinds);
  if (rule?.type === undefined || part === "tiers") return names.length === 1 ? names[0] : null;
  return names.includes(rule.type) ? rule.type : null;
}

// The usual kinds of programs, made of a few answers: what is sent to POST /v1/partner/programs.

/** A name as an id of rules: lower case letters, digits, hyphens. */
export function idOf(name, otherwise) {
  const plain = name.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  return plain.replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 48).replace(/-+$/, "") || otherwise;
}

const life = (months) => (months ? { expiry: { after: `P${months}M`, align: "end_of_month", notify_before: ["P14D"] } } : {});
const both = (fr, en) => ({ fr, en });
const lives = (months) => (months ? both(` Ils expirent ${months} mois après, en fin de mois.`, ` They expire ${months} months later, at the end of the month.`) : both("", ""));

function base(asked, units, parts) {
  return {
    format: "loyalty-program/1", id: idOf(asked.name, "program"), version: 1, tz: asked.tz, currency: asked.currency, units, ...parts,
  };
}

const money = (minor, asked) => (language) => new Intl.NumberFormat(language, { style: "currency", currency: asked.currency }).format(minor / 10 ** asked.decimals);

function points(asked) {
  const worth = money(asked.worth, asked);
  const rules = base(asked, [{ id: "pts", ...life(asked.months) }], {
    earn: [{ type: "per_amount", id: "base", unit: "pts", step_minor: 10 ** asked.decimals, points: asked.each, exclude_tenders: ["points"] }],
    vouchers: [{ id: "reward", kind: "amount", value: asked.worth, valid: "P6M" }],
    burn: asked.worth % asked.cost === 0
      ? [{ type: "pay", id: "pay", unit: "pts", minor_per_unit: asked.worth / asked.cost, min_units: asked.cost }]
      : [{ type: "catalogue", id: "reward", unit: "pts", cost: asked.cost, grant: { type: "voucher", voucher: "reward" } }],
  });
  if (rules.burn[0].type === "pay") delete rules.vouchers;
  const after = lives(asked.months);
  const one = money(10 ** asked.decimals, asked);
  const count = asked.each > 1 ? `${asked.each} points` : "1 point";
  const terms = both(
    `${count} pour ${one("fr")} d’achat. ${asked.cost} points valent ${worth("fr")}.${after.fr}`,
    `${count} for each ${one("en")} you spend. ${asked.cost} points are worth ${worth("en")}.${after.en}`);
  return { rules, units: [{ id: "pts", name: "Points" }], terms };
}

function stamps(asked) {
  const tag = `tag:${idOf(asked.article, "article")}`;
  const rules = base(asked, [{ id: "stamps", kind: "stamps", negative: "write_off" }], {
    earn: [{ type: "per_item", id: "stamp", unit: "stamps", table: { [tag]: 1 } }],
    vouchers: [{ id: "free", kind: "item", ...(asked.months ? { valid: `P${asked.months}M` } : {}) }],
    burn: [{ type: "convert", id: "card-full", unit: "stamps", voucher: "free", minor_per_unit: 1, min_units: asked.count, take: "multiples", mode: "auto" }],
  });
  const terms = both(
    `Un tampon par article (${asked.article}). ${asked.count} tampons en offrent un.`,
    `One stamp for each item (${asked.article}). ${asked.count} stamps give one for free.`);
  return { rules, units: [{ id: "stamps", name: both("Tampons", "Stamps") }], terms };
}

function cashback(asked) {
  const rules = base(asked, [{ id: "cash", kind: "cashback", ...life(asked.months) }], {
    earn: [{ type: "percent", id: "base", unit: "cash", bps: asked.bps, exclude_tenders: ["points"] }],
    burn: [{ type: "pay", id: "pay", unit: "cash", minor_per_unit: 1, min_units: Math.max(1, asked.least) }],
  });
  const percent = (language) => new Intl.NumberFormat(language, { maximumFractionDigits: 2 }).format(asked.bps / 100);
  const terms = both(
    `${percent("fr")} % de chaque achat reviennent sur votre carte.${asked.months ? ` Ils expirent ${asked.months} mois après, en fin de mois.` : ""}`,
    `${percent("en")}% of each purchase comes back to your card.${asked.months ? ` It expires ${asked.months} months later, at the end of the month.` : ""}`);
  return { rules, units: [{ id: "cash", name: both("Cagnotte", "Cashback"), currency: asked.currency }], terms };
}

const KINDS = { points, stamps, cashback };

/** The program of a kind and its answers: amounts in minor units, shares in basis points. */
export function programOf(kind, asked) {
  const shown = {
    name: asked.name,
    design: { background_color: asked.color, foreground_color: "#ffffff", label_color: "#ffffff", description: both(`Carte ${asked.name}`, `${asked.name} card`) },
    languages: asked.languages,
  };
  if (kind === "mirrored") {
    return { ...shown, authority: "merchant", units: [{ id: "pts", name: asked.unit }], barcode: { format: asked.format }, settings: { open_numbers: false } };
  }
  const made = KINDS[kind](asked);
  return {
    ...shown, authority: "ledger", rules: made.rules, units: made.units, design: { ...shown.design, terms: made.terms },
    barcode: { format: "QR_CODE" }, settings: { till_search: true },
  };
}

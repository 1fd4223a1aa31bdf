// Reads and writes a card as Catima shares it, in a link. Its data stand after `#`: no server sees them.

const PLACES = ["catima.app/share", "thelastproject.github.io/catima/share", "brarcher.github.io/loyalty-card-locker/share"];
const SECONDS_BELOW = 1e11; // smaller dates are seconds, as some apps write them

function moment(text) {
  const value = Number(text);
  if (!text || !Number.isSafeInteger(value) || value === 0) return null;
  const date = new Date(Math.abs(value) < SECONDS_BELOW ? value * 1000 : value);
  return Number.isNaN(date.getTime()) || date.getFullYear() > 9999 ? null : date.toISOString();
}

function color(text) {
  const value = Number(text);
  if (!text || !Number.isSafeInteger(value)) return null;
  return `#${(value & 0xffffff).toString(16).padStart(6, "0")}`;
}

function balance(value, currency) {
  if (!/^-?\d{1,15}(\.\d{1,6})?$/.test(value || "")) return null;
  const known = /^[A-Z]{3}$/.test(currency || "") ? currency : null;
  return Number(value) === 0 && !known ? null : { value, currency: known };
}

/** The fields of the card in a link: of Catima's hosts, or of a copy of ours; null for any other text. */
export function readLink(text) {
  let link;
  try {
    link = new URL(text.trim());
  } catch {
    return null;
  }
  const place = `${link.hostname.replace(/^www\./, "")}${link.pathname.replace(/\/+$/, "")}`.toLowerCase();
  const isOurs = link.origin === location.origin && ["/share", "/add"].includes(link.pathname);
  if (!/^https?:$/.test(link.protocol) || !(isOurs || PLACES.includes(place))) return null;
  let data = link.hash.slice(1) || link.search.slice(1);
  try {
    if (!data.includes("=")) data = decodeURIComponent(data); // encoded as a whole
  } catch {
    return null;
  }
  const given = new URLSearchParams(data);
  const store = (given.get("store") || "").trim(), number = (given.get("cardid") || "").trim();
  if (!store || !number) return null;
  return {
    shop: store,
    number,
    format: given.get("barcodetype") || "none",
    value: given.get("barcodeid") || "",
    note: given.get("note") || "",
    color: color(given.get("headercolor")),
    further: {
      valid_from: moment(given.get("validfrom")),
      expires_at: moment(given.get("expiry")),
      own_balance: balance(given.get("balance"), given.get("balancetype")),
    },
  };
}

/** The link of a card (as the API shows it) in Catima's form, also for copies of ours: encoded twice. */
export function writeLink(card) {
  const own = card.own_balance || { value: "0", currency: null };
  const fields = [["store", card.shop_name], ["note", card.note || ""], ["balance", own.value]];
  if (own.currency) fields.push(["balancetype", own.currency]);
  if (card.valid_from) fields.push(["validfrom", Date.parse(card.valid_from)]);
  if (card.expires_at) fields.push(["expiry", Date.parse(card.expires_at)]);
  fields.push(["cardid", card.number]);
  const isGs1 = card.barcode_format === "GS1_128"; // which Catima's library has no name for
  const value = isGs1 ? card.barcode_value.replace(/[[\]()]/g, "") : card.barcode_value;
  if (value !== card.number) fields.push(["barcodeid", value]);
  if (card.barcode_format !== "none") fields.push(["barcodetype", isGs1 ? "CODE_128" : card.barcode_format]);
  if (card.color) fields.push(["headercolor", Number.parseInt(card.color.slice(1), 16) - 0x1000000]);
  return `https://catima.app/share#${encodeURIComponent(new URLSearchParams(fields).toString())}`;
}

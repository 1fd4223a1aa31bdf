// Money at the till: whole minor units, never a fraction; a comma and a point are both decimal marks.
import { language } from "./texts.js";

const MOST = 2 ** 53 - 1;

/** How many digits a currency has behind its mark: 2 for EUR, 0 for JPY. */
export function digitsOf(currency) {
  return new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits;
}

/** Reads an amount as typed into minor units; null where it could mean two things or none. */
export function minorOf(text, currency) {
  const digits = digitsOf(currency);
  const bare = text.replace(/[\s\u00a0\u202f'’]/g, "").replace(/[^\d.,]/g, (sign) => ("€$£".includes(sign) ? "" : "x"));
  const found = /^(\d{1,3}(?:([.,])\d{3}(?:\2\d{3})*)|\d+)(?:([.,])(\d*))?$/.exec(bare);
  if (!found) return null;
  const [, whole, group, mark, part = ""] = found;
  if (group && (group === mark || !mark)) return null; // 1.234 may be either
  if (part.length > digits || (mark && !part && digits === 0)) return null;
  const minor = Number(whole.replace(/[.,]/g, "") + part.padEnd(digits, "0"));
  return Number.isSafeInteger(minor) && minor <= MOST ? minor : null;
}

/** Writes minor units as money, exactly. */
export function money(minor, currency) {
  const digits = digitsOf(currency);
  const text = String(Math.abs(minor)).padStart(digits + 1, "0");
  const exact = digits ? `${text.slice(0, -digits)}.${text.slice(-digits)}` : text;
  return new Intl.NumberFormat(language, { style: "currency", currency }).format(`${minor < 0 ? "-" : ""}${exact}`);
}

const numbers = new Intl.NumberFormat(language);

/** Writes units by their name; those that are money as money. `unit`: {id, name, currency}. */
export function unitsText(count, unit) {
  if (unit?.currency) return money(count, unit.currency);
  return `${numbers.format(count)} ${unit?.name || ""}`.trim();
}

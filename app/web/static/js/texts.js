// The texts of this page for its scripts; the server wrote them into <body data-texts>.
export const language = document.documentElement.lang || "fr";
const texts = JSON.parse(document.body.dataset.texts || "{}");
const plurals = new Intl.PluralRules(language);
const numbers = new Intl.NumberFormat(language);

export const has = (name) => name in texts;

/** A text with its {values}; `n` chooses the form where there are two. */
export function t(name, values = {}) {
  let found = texts[name];
  if (found === undefined) return name;
  if (Array.isArray(found)) found = found[plurals.select(values.n || 0) === "one" ? 0 : 1];
  return found.replace(/\{(\w+)\}/g, (whole, key) =>
    key in values ? (typeof values[key] === "number" ? numbers.format(values[key]) : String(values[key])) : whole);
}

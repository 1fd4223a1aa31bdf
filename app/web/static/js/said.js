// What the API says of a field, in the words of the page's language; the rest stays as it was said.
import { t } from "./texts.js";

const KNOWN = [
  [/^not of the form/, "form"],
  [/^required$/, "required"],
  [/^Expected `(?:int|float)` >= (-?[\d.]+)/, "least"],
  [/^Expected `(?:int|float)` <= (-?[\d.]+)/, "most"],
  [/^Expected `str` of length >= /, "required"],
  [/^Expected `str` of length <= (\d+)/, "long"],
  [/^Expected `(?:array|object)` of length <= (\d+)/, "many"],
  [/^Expected `int`, got/, "number"],
  [/^the program has no \w+ (.+)$/, "unknown"],
  [/^(.+) stands twice/, "twice"],
  [/^the rules have (.+)$/, "rules_have"],
  [/^the first tier is the base/, "base"],
  [/^say when this tier is entered/, "enter"],
  [/^the end must come after the start/, "end"],
  [/^a period longer than nothing/, "period"],
  [/^a text in \w+, the program's first language/, "first_language"],
  [/^characters and classes with counts expected/, "pattern"],
  [/\(([^)]+)\) never expire/, "undying"],
  [/\(([^)]+)\) gives back all/, "generous"],
  [/\(([^)]+)\) never counts/, "never"],
  [/\(([^)]+)\) raises nothing/, "raises"],
  [/^unit (\S+) is gone/, "gone"],
  [/^rules\.version (\d+) was published before/, "version"],
  [/the rules count on birthdays/, "birthdays"],
  [/\(([^)]+)\) and .* can count the same/, "same"],
];

/** A sentence of the API in the page's language; `lang` is "en" where it stays English. */
export function said(message) {
  for (const [shape, name] of KNOWN) {
    const found = shape.exec(message);
    if (found) return { text: t(`console.js.said.${name}`, { one: found[1] || "" }), lang: "" };
  }
  return { text: message, lang: "en" };
}

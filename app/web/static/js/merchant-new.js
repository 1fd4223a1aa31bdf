// A new program of a few answers: shows what belongs to the kind chosen, and makes it.
import { newKey, post, Problem } from "./api.js";
import { programOf } from "./program-templates.js";
import { act, notice } from "./shell.js";
import { language, t } from "./texts.js";

const form = document.getElementById("new");
const faults = document.getElementById("faults");
const field = (id) => document.getElementById(id);
let sent = "";
let key = newKey();

const kind = () => form.querySelector('[name="kind"]:checked').value;

function showKind() {
  for (const part of form.querySelectorAll("[data-of]")) part.hidden = part.dataset.of !== kind();
}

function say(id, text) {
  field(`${id}-fault`).textContent = text;
  field(id).setAttribute("aria-invalid", String(Boolean(text)));
}

/** A number of a field, times a factor that must leave no rest; null where it is none. */
function number(id, factor = 1) {
  const input = field(id);
  const scaled = Number(input.value.replace(",", ".")) * factor;
  const whole = Math.round(scaled);
  const isGood = input.value.trim() !== "" && input.checkValidity() && Math.abs(scaled - whole) < 1e-6;
  say(id, isGood ? "" : t("merchant-new.js.number", { least: input.min, most: input.max }));
  return isGood ? whole : null;
}

function text(id) {
  const found = field(id).value.trim();
  say(id, found ? "" : t("merchant-new.js.needed"));
  return found || null;
}

function answers() {
  const currency = field("currency").value;
  const decimals = new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits;
  const minor = 10 ** decimals;
  const asked = {
    name: text("name"), currency, decimals, color: form.querySelector('[name="color"]:checked').value,
    tz: Intl.DateTimeFormat().resolvedOptions().timeZone || "Europe/Paris",
    languages: language === "fr" ? ["fr", "en"] : ["en", "fr"],
  };
  const own = {
    points: () => ({ each: number("points-each"), cost: number("points-cost"), worth: number("points-worth", minor), months: number("points-months") }),
    stamps: () => ({ count: number("stamps-count"), article: text("stamps-article"), months: number("stamps-months") }),
    cashback: () => ({ bps: number("cashback-percent", 100), least: number("cashback-least", minor), months: number("cashback-months") }),
    mirrored: () => ({ unit: text("mirrored-unit"), format: field("mirrored-format").value }),
  }[kind()]();
  const all = { ...asked, ...own };
  return Object.values(all).includes(null) ? null : all;
}

/** Amounts say in which currency they are. */
function showCurrency() {
  for (const one of form.querySelectorAll("[data-money]")) one.textContent = field("currency").value;
}

form.addEventListener("change", (event) => {
  if (event.target.name === "kind") showKind();
  if (event.target.id === "currency") showCurrency();
});
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const asked = answers();
  if (!asked) {
    notice(t("merchant-new.js.check"), { isBad: true });
    return form.querySelector('[aria-invalid="true"]')?.focus();
  }
  faults.hidden = true;
  await act(form.querySelector('[type="submit"]'), async () => {
    const body = programOf(kind(), asked);
    const now = JSON.stringify(body);
    if (now !== sent) [sent, key] = [now, newKey()];
    try {
      const made = await post("/v1/partner/programs", body, { key });
      location.assign(`/merchant/p/${made.slug}?new=1`);
    } catch (problem) {
      if (!(problem instanceof Problem) || !problem.errors.length) throw problem;
      faults.replaceChildren(...problem.errors.map((one) => Object.assign(document.createElement("p"), { textContent: `${one.path}: ${one.message}` })));
      faults.hidden = false;
      faults.focus();
    }
  });
});
showKind();
showCurrency();

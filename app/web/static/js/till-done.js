// What a sale has come to: earned, flagged, kept for later, refused; or a receipt with a code to print.
import { parsed } from "./code.js";
import { words } from "./till-api.js";
import { money } from "./till-money.js";
import * as sale from "./till-sale.js";
import { at, items, say, show, showBalances, unitsWords } from "./till-view.js";
import { language, t } from "./texts.js";

/** Ready for whoever comes next; the scanner's field has the focus. */
export function next(isQuiet = true) {
  if (isQuiet !== false) say("");
  sale.cancel();
  show("ready");
  at("scan").focus();
}

/** Shows what a sale has come to. `outcome`: {sent}, {waits}, {refused} or {training}. */
export function done(outcome, { program, name, title }) {
  show("done");
  const { sent } = outcome;
  at("done").dataset.sale = outcome.id || "";
  at("done").dataset.text = [outcome.kept?.currency ? money(outcome.kept.minor, outcome.kept.currency) : "", outcome.kept?.digits ? `•••• ${outcome.kept.digits}` : ""].filter(Boolean).join(" · ");
  at("undo").hidden = Boolean(outcome.training || outcome.refused);
  at("wrong-card").hidden = !sent;
  at("done-balances").replaceChildren();
  items(at("done-reasons"), []);
  items(at("done-flags"), []);
  at("done-earned").textContent = "";
  if (outcome.training) trained(outcome);
  else if (sent) sold(outcome, { program, name, title });
  else if (outcome.refused) {
    at("done-title").textContent = t("till.js.not_counted");
    at("done-earned").textContent = words(outcome.refused);
    say(t("till.js.not_counted_hint"), "bad");
  } else {
    at("done-title").textContent = t("till.js.kept");
    at("done-earned").textContent = t("till.js.kept_text");
    say(t("till.js.kept"), "warn");
  }
  at("next").focus();

  function trained({ quote }) {
    at("done-title").textContent = t("till.js.training_done");
    at("done-earned").textContent = t("till.js.would_earn", { units: unitsWords(quote?.earned_units, program) || "0" });
    say(t("till.js.training_nothing"), "warn");
  }
}

function sold({ sent, spent }, { program, name, title }) {
  const earned = unitsWords(sent.results.earned_units, program);
  at("done-title").textContent = [title || t("till.js.sold"), name].filter(Boolean).join(" · ");
  at("done-earned").textContent = earned ? t("till.js.has_earned", { units: earned }) : t("till.js.earned_nothing");
  items(at("done-reasons"), [...(spent ? [t("till.js.has_spent", { units: spent })] : []), ...sent.entries.map((entry) => entry.text)]);
  items(at("done-flags"), sent.flags.map((flag) => t(`till.js.flag.${flag}`)));
  showBalances(at("done-balances"), sent.card, program);
  if (sent.flags.length) say(t(`till.js.flag.${sent.flags[0]}`), "warn");
  else say(title || t("till.js.sold"), "good");
}

/** Shows a receipt with its code, to be printed. */
export function drawBare(made, program) {
  show("receipt");
  at("receipt").dataset.sale = made.id;
  at("slip-shop").textContent = program.name;
  const drawing = parsed(made.qr_svg);
  drawing.setAttribute("role", "img");
  drawing.setAttribute("aria-label", t("till.js.slip_code"));
  at("slip-code").replaceChildren(drawing);
  at("slip-letters").textContent = made.code;
  at("slip-until").textContent = t("till.js.slip_until", { day: new Intl.DateTimeFormat(language, { dateStyle: "long" }).format(new Date(made.expires_at)) });
  say(t("till.js.bare_sold"), "good");
  at("print").focus();
}

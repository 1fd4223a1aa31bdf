// Finds somebody without a card at hand: five at most, a first name and four digits.
import { QUOTE_DEADLINE, ask, passes, words } from "./till-api.js";
import { at, element } from "./till-view.js";
import { t } from "./texts.js";

/** Calls `found(card id)` for whoever is chosen. */
export function finding(found) {
  at("find").addEventListener("submit", (event) => find(event, found));
  at("find-open").addEventListener("click", () => {
    at("find").hidden = !at("find").hidden;
    if (!at("find").hidden) at("find-text").focus();
  });
}

async function find(event, found) {
  event.preventDefault();
  at("find-fault").textContent = "";
  const text = at("find-text").value.trim();
  const body = /^[+\d][\d\s().-]*$/.test(text) ? { phone: text } : { name: text };
  try {
    const { items } = await ask("POST", "/searches", body, { deadline: QUOTE_DEADLINE });
    at("hits").replaceChildren(...items.map((hit) => {
      const button = element("button", { type: "button", className: "button button-quiet button-wide" }, `${hit.first_name || t("till.js.no_name")} · •••• ${hit.last_digits}`);
      button.addEventListener("click", () => {
        close();
        found(hit.card_id);
      });
      return element("li", {}, button);
    }));
    if (!items.length) at("find-fault").textContent = t("till.js.nobody");
  } catch (problem) {
    at("find-fault").textContent = passes(problem) ? t("till.js.no_answer") : words(problem);
  }
}

function close() {
  at("find").hidden = true;
  at("find-text").value = "";
  at("hits").replaceChildren();
}

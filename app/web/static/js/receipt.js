// Claims the code of a receipt for a card of this browser: one of its user, or one just joined.
import { newKey, post } from "./api.js";
import { act } from "./shell.js";
import { has, t } from "./texts.js";

const at = (id) => document.getElementById(id);
const { program } = document.querySelector("[data-program]").dataset;
const place = `receipt:${program}`;
const keys = new Map(); // a code pressed twice is asked for once

/** The card that this browser joined with, before anybody signed in: {card, token}. */
function joined() {
  try {
    const kept = JSON.parse(localStorage.getItem(`join:${program}`)) || {};
    return kept.card && kept.token ? kept : null;
  } catch {
    return null;
  }
}

function begin() {
  const found = decodeURIComponent(location.hash.slice(1)).slice(0, 20) || sessionStorage.getItem(place) || "";
  if (location.hash) history.replaceState(null, "", location.pathname);
  if (found) sessionStorage.setItem(place, found); // joining comes between
  at("code").value = found;
  const hasCard = document.querySelector("input[name=card]") || joined();
  at("none").hidden = Boolean(hasCard);
  at("form").hidden = !hasCard;
}

async function claim(event) {
  event.preventDefault();
  const code = at("code").value.trim();
  at("code-fault").textContent = code ? "" : t("receipt.js.empty");
  if (!code) return at("code").focus();
  await act(at("go"), async () => {
    const chosen = document.querySelector("input[name=card]:checked")?.value;
    const own = chosen ? null : joined();
    const card = chosen || own.card.id;
    if (!keys.has(code)) keys.set(code, newKey());
    try {
      const answer = await post(`/v1/cards/${card}/receipt-codes`, { code }, { key: keys.get(code), headers: own ? { Authorization: `Bearer ${own.token}` } : {} });
      sessionStorage.removeItem(place);
      at("entries").replaceChildren(...(answer.entries.length ? answer.entries.map((entry) => entry.text) : [t("receipt.js.nothing")]).map((text) => {
        const line = document.createElement("li");
        line.textContent = text;
        return line;
      }));
      if (chosen) at("to-card").href = `/cards/${card}`;
      at("form").hidden = true;
      at("done").hidden = false;
      at("done-title").focus();
    } catch (problem) {
      const known = `receipt.js.error.${problem.code}`;
      at("code-fault").textContent = has(known) ? t(known) : problem.words;
    }
  });
}

at("form").addEventListener("submit", claim);
addEventListener("hashchange", begin);
begin();

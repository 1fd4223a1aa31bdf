// Both phones beside the form: asks the server to draw the draft a moment after each change.
import { post, Problem } from "./api.js";

const AFTER_MILLISECONDS = 350;

function paint(root) {
  for (const one of root.querySelectorAll("[data-paint]")) {
    const [ground, ink, label] = one.dataset.paint.split(" ");
    one.style.setProperty("--pass", ground);
    one.style.setProperty("--pass-ink", ink);
    one.style.setProperty("--pass-label", label);
  }
}

/**
 * Follows a draft in a panel. `ask` gives what is drawn, `told` hears {warnings} or {errors}.
 * Returns what to call after a change.
 */
export function followDraft(panel, ask, told) {
  const pictures = new Map(); // name → data address
  const chosen = (name) => panel.querySelector(`[name="${name}"]:checked`)?.value;
  let cards = []; // of all phones and languages, as they were drawn last
  let waits = null;
  let asked = null;

  /** Puts the cards chosen into their phones; the others wait outside of the page. */
  function show() {
    const wanted = { apple: `ios-${chosen("ios") || 27}`, watch: "watch", android: "android" };
    for (const slot of panel.querySelectorAll("[data-slot]")) {
      const card = cards.find((one) => one.dataset.system === wanted[slot.dataset.slot] && one.dataset.language === chosen("language"));
      if (!card) continue;
      for (const side of card.querySelectorAll("[data-side]")) side.hidden = card.dataset.system !== "watch" && side.dataset.side !== chosen("side");
      card.hidden = false;
      slot.replaceChildren(card);
    }
  }

  function draw(answer) {
    for (const [name, address] of Object.entries(answer.pictures)) pictures.set(name, address);
    const read = new DOMParser().parseFromString(answer.html, "text/html");
    paint(read);
    for (const image of read.querySelectorAll("[data-picture]")) image.src = pictures.get(image.dataset.picture) || "";
    cards = [...read.querySelectorAll("[data-system]")].map((card) => document.adoptNode(card));
    show();
  }

  async function look() {
    asked?.abort();
    asked = new AbortController();
    const own = asked;
    panel.setAttribute("aria-busy", "true");
    try {
      const body = { ...ask(), member: chosen("member") || "regular", known: [...pictures.keys()].slice(-64) };
      const answer = await post("/v1/partner/previews", body, { signal: own.signal });
      if (own !== asked) return;
      draw(answer);
      told({ warnings: answer.warnings, errors: [] });
    } catch (problem) {
      if (own !== asked || problem.name === "AbortError") return;
      if (!(problem instanceof Problem)) throw problem;
      told({ warnings: [], errors: problem.errors, problem });
    } finally {
      if (own === asked) panel.removeAttribute("aria-busy");
    }
  }

  panel.addEventListener("change", (event) => (event.target.name === "member" ? look() : show()));
  look();
  return () => {
    clearTimeout(waits);
    waits = setTimeout(look, AFTER_MILLISECONDS);
  };
}

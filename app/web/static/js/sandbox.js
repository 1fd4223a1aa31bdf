// The sandbox page: asks each second what has changed, turns cards, has the demo's shop act.
import { post } from "./api.js";
import { act, notice } from "./shell.js";
import { t } from "./texts.js";

const EVERY_MILLISECONDS = 1000;
const SAID = { sale: (told) => t("sandbox.js.sold", { n: told.earned }), balance: (told) => t("sandbox.js.sent", { n: told.points }) };
const now = document.getElementById("now");
const known = new Map(); // part → its markup as the server wrote it
const turned = new Set(); // "phone card" that shows its back
let front = null; // key of the card on top, the same on all phones

function paint(root) {
  for (const one of root.querySelectorAll("[data-paint]")) {
    const [ground, ink, label] = one.dataset.paint.split(" ");
    one.style.setProperty("--pass", ground);
    one.style.setProperty("--pass-ink", ink);
    one.style.setProperty("--pass-label", label);
  }
}

/** Shows in a phone what is chosen: which card is on top, and which side of it. */
function arrange(phone) {
  const cards = [...phone.querySelectorAll("[data-card]")];
  const top = cards.find((one) => one.dataset.card === front) || cards[0];
  for (const one of cards) {
    one.hidden = one !== top;
    const isBack = turned.has(`${phone.dataset.part} ${one.dataset.card}`);
    one.querySelector(".front").hidden = isBack;
    one.querySelector(".back").hidden = !isBack;
  }
  for (const one of phone.querySelectorAll("[data-show]")) one.hidden = top && one.dataset.show === top.dataset.card;
}

const phones = () => now.querySelectorAll(".screen");

function show(key) {
  front = key;
  phones().forEach(arrange);
}

function turn(card) {
  const phone = card.closest(".screen");
  const name = `${phone.dataset.part} ${card.dataset.card}`;
  if (!turned.delete(name)) turned.add(name);
  arrange(phone);
  card.classList.remove("is-turning");
  requestAnimationFrame(() => card.classList.add("is-turning"));
}

/** Swaps a part for its newer form; what was open, focused or turned stays so. */
function swap(part, newer) {
  const focus = part.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
  const open = new Set([...part.querySelectorAll("details[open]")].map((one) => one.dataset.open));
  const isNoticed = newer.dataset.noticed && newer.dataset.noticed !== part.dataset.noticed;
  part.replaceWith(newer);
  paint(newer);
  for (const one of newer.querySelectorAll("details")) one.open = open.has(one.dataset.open);
  if (newer.matches(".screen")) {
    arrange(newer);
    if (isNoticed) {
      newer.classList.add("is-new");
      if (front !== newer.dataset.newest) show(newer.dataset.newest);
    }
  }
  if (focus) newer.querySelector(`[data-focus="${focus}"]:not([hidden])`)?.focus({ preventScroll: true });
}

async function look() {
  const answer = await fetch("/sandbox/now", { cache: "no-cache" });
  if (!answer.ok) return;
  const read = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const newer of read.querySelectorAll("[data-part]")) {
    const name = newer.dataset.part;
    const markup = newer.outerHTML;
    if (known.get(name) === markup) continue;
    const part = now.querySelector(`[data-part="${name}"]`);
    if (part && known.has(name)) swap(part, document.adoptNode(newer));
    known.set(name, markup);
  }
}

async function follow() {
  if (!document.hidden) await look().catch(() => {}); // the server may be restarting
  setTimeout(follow, EVERY_MILLISECONDS);
}

document.addEventListener("click", (event) => {
  const shows = event.target.closest("[data-show]");
  if (shows) {
    const phone = shows.closest(".screen");
    show(shows.dataset.show);
    phone.querySelector("[data-card]:not([hidden]) .side:not([hidden]) [data-turn]")?.focus({ preventScroll: true });
    return;
  }
  const side = event.target.closest("[data-turns]");
  if (side && !event.target.closest("a") && !String(getSelection())) {
    const card = side.closest("[data-card]");
    const isButton = event.target.closest("[data-turn]");
    turn(card);
    if (isButton) card.querySelector(".side:not([hidden]) [data-turn]").focus({ preventScroll: true });
  }
  const button = event.target.closest("[data-act]");
  if (button) {
    act(button, async () => {
      const told = await post(`/sandbox/acts/${button.dataset.act}`, {});
      show(button.dataset.of);
      const phones = now.querySelector(".phones");
      if (phones.getBoundingClientRect().top > innerHeight / 2) phones.scrollIntoView({ behavior: "smooth" });
      notice(SAID[button.dataset.act](told));
    });
  }
});

for (const part of now.querySelectorAll("[data-part]")) known.set(part.dataset.part, part.outerHTML);
paint(now);
follow();

// The list of cards: code in one touch, search, groups, favourites, order, live, kept for offline.
import { codeOf, showCodes, warm } from "./code.js";
import { edit } from "./edits.js";
import { follow, moments, pageNow, replace } from "./live.js";
import { act, keep, notice } from "./shell.js";
import { language, t } from "./texts.js";

const tiles = document.getElementById("tiles");
const search = document.getElementById("search");
const arrange = document.getElementById("arrange");
const LETTERS = { œ: "oe", æ: "ae", ß: "ss" };
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replace(/[œæß]/g, (one) => LETTERS[one]);
let group = "";

function each() {
  return [...tiles.children];
}

function filter() {
  const words = plain(search.value).split(/\s+/).filter(Boolean);
  let count = 0;
  for (const tile of document.querySelectorAll(".tile")) {
    const text = plain(tile.dataset.find);
    const inGroup = !group || tile.dataset.groups.split("\n").includes(group);
    tile.hidden = !(inGroup && words.every((word) => text.includes(word)));
    if (!tile.hidden) count += 1;
  }
  document.getElementById("nothing").hidden = count > 0;
  const archive = document.getElementById("archive");
  if (words.length && archive.querySelector(".tile:not([hidden])")) archive.open = true;
}

function ready(within = document) {
  for (const star of within.querySelectorAll(".star")) star.hidden = false;
  for (const moves of within.querySelectorAll(".tile-moves")) moves.hidden = !tiles.classList.contains("is-arranging");
  const many = each().length;
  document.getElementById("finder").hidden = many < 4 && !document.querySelector(".chip");
  arrange.hidden = many < 2;
}

document.addEventListener("click", (event) => {
  const main = event.target.closest(".tile-main");
  if (main && !event.metaKey && !event.ctrlKey && !event.shiftKey) {
    event.preventDefault();
    showCodes([codeOf(main)]);
    return;
  }
  const chip = event.target.closest(".chip");
  if (chip) {
    group = chip.dataset.group;
    for (const one of document.querySelectorAll(".chip")) one.setAttribute("aria-pressed", String(one === chip));
    filter();
  }
  const button = event.target.closest("[data-act]");
  if (button?.dataset.act === "favorite") favorite(button);
  if (button?.dataset.act === "up") move(button, -1);
  if (button?.dataset.act === "down") move(button, 1);
});
document.addEventListener("pointerdown", (event) => {
  const main = event.target.closest(".tile-main");
  if (main) warm(main);
}, { passive: true });
search.addEventListener("input", filter);

function favorite(button) {
  const tile = button.closest(".tile");
  const isNow = button.getAttribute("aria-pressed") !== "true";
  const set = (value) => {
    button.setAttribute("aria-pressed", String(value));
    tile.toggleAttribute("data-favorite", value);
  };
  set(isNow);
  act(button, () => edit(tile.dataset.card, { is_favorite: isNow })).then((worked) => {
    if (!worked) set(!isNow);
    else sort();
  });
}

/** Favourites first, then by position; the focus stays where it was. */
function sort() {
  const had = document.activeElement;
  const place = (tile) => [tile.hasAttribute("data-favorite") ? 0 : 1, Number(tile.dataset.position)];
  const sorted = each().sort((a, b) => place(a)[0] - place(b)[0] || place(a)[1] - place(b)[1]);
  if (sorted.some((tile, index) => tiles.children[index] !== tile)) tiles.append(...sorted);
  had?.focus?.({ preventScroll: true });
}

arrange.addEventListener("click", () => {
  const isOn = tiles.classList.toggle("is-arranging");
  arrange.setAttribute("aria-pressed", String(isOn));
  arrange.textContent = t(isOn ? "wallet.js.done" : "wallet.js.arrange");
  for (const moves of tiles.querySelectorAll(".tile-moves")) moves.hidden = !isOn;
});

function move(button, by) {
  const tile = button.closest(".tile");
  const isSame = (one) => one && one.hasAttribute("data-favorite") === tile.hasAttribute("data-favorite");
  const other = by < 0 ? tile.previousElementSibling : tile.nextElementSibling;
  if (!isSame(other)) return;
  if (by < 0) other.before(tile);
  else other.after(tile);
  button.focus({ preventScroll: true });
  // Positions in the order of the page; only those that differ are sent.
  const changed = [];
  each().forEach((one, index) => {
    if (Number(one.dataset.position) !== index) {
      one.dataset.position = index;
      changed.push([one.dataset.card, index]);
    }
  });
  notice(t("wallet.js.moved", { name: tile.querySelector("strong").textContent, place: each().indexOf(tile) + 1 }), { seconds: 2 });
  act(null, async () => {
    for (const [card, position] of changed) await edit(card, { position });
  });
}

async function refresh() {
  const fresh = await pageNow();
  const list = fresh?.getElementById("tiles");
  if (!fresh) return;
  if (!list) {
    location.reload();
    return;
  }
  const names = (where) => [...where.querySelectorAll(".tile")].map((tile) => tile.dataset.card).join();
  if (names(fresh) !== names(document)) {
    tiles.replaceChildren(...[...list.children].map((tile) => document.importNode(tile, true)));
    const old = document.querySelector(".tiles-old");
    old.replaceChildren(...[...fresh.querySelector(".tiles-old").children].map((tile) => document.importNode(tile, true)));
    document.getElementById("archive").hidden = fresh.getElementById("archive").hidden;
    document.querySelector("#archive summary").textContent = fresh.querySelector("#archive summary").textContent;
  } else {
    for (const tile of fresh.querySelectorAll(".tile")) {
      const old = document.querySelector(`.tile[data-card="${CSS.escape(tile.dataset.card)}"]`);
      if (old.dataset.revision !== tile.dataset.revision) replace(old, tile);
    }
  }
  replace(document.getElementById("as-of"), fresh.getElementById("as-of"));
  ready();
  filter();
  keepAll();
}

const FILES = [
  "base.css", "wallet.css", "icons/icon.svg", "icons/touch-180.png",
  ...["shell", "texts", "api", "wallet", "card", "code", "edits", "live"].map((name) => `js/${name}.js`),
];

/** Has the service worker keep the list, each card's page and code, and their files. */
function keepAll() {
  const { version } = document.body.dataset;
  const all = [...document.querySelectorAll(".tile")];
  const wanted = FILES.map((name) => [`/static/${version}/${name}`, ""]);
  wanted.push(["/", [version, language, ...all.map((tile) => tile.dataset.revision + tile.dataset.position)].join()]);
  wanted.push(["/offline", version + language]);
  for (const tile of all.slice(0, 200)) {
    const url = tile.querySelector(".tile-main").dataset.codeUrl;
    if (url) wanted.push([url, ""]);
    const logo = tile.querySelector("img.logo")?.getAttribute("src");
    if (logo) wanted.push([logo, ""]);
    wanted.push([`/cards/${tile.dataset.card}`, version + language + tile.dataset.revision]);
  }
  keep(wanted);
}

/** Says that what is shown is what was last known, as long as there is no network. */
function isOnline() {
  document.getElementById("offline").hidden = navigator.onLine;
}
addEventListener("online", isOnline);
addEventListener("offline", isOnline);
isOnline();
moments();
ready();
follow(refresh);
(window.requestIdleCallback || ((work) => setTimeout(work, 800)))(() => {
  for (const main of [...document.querySelectorAll(".tile-main")].slice(0, 12)) warm(main);
  keepAll();
});

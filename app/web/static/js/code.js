// The code alone on a white screen, in one touch: whole pixels a module, turned when narrow, awake.
import { post } from "./api.js";
import { t } from "./texts.js";

const screen_ = document.getElementById("code-screen");
const at = (id) => document.getElementById(id);
const MODULE_LEAST = 2; // CSS pixels a module should have before a linear code is turned
const MODULE_MOST = 5; // larger than any card: scanners then see only a part
const WIDE_MOST = 440; // CSS pixels of a square code
const LINEAR_SHARE = 0.42; // of its length: how high a linear code stands at most
const SETTLES = 400; // milliseconds in which a second tap belongs to the one that opened
let codes = [];
let opened = 0;
let shown = 0;
let turned = null; // null: as fits best
let lock = null;
let timer = 0;
let run = 0; // grows with each code shown: late answers for another are dropped
let drawing = null;

/** What an element with data-code-… shows. */
export function codeOf(element) {
  const data = element.dataset;
  const card = element.closest("[data-card]");
  return {
    name: data.codeName, number: data.codeNumber, url: data.codeUrl, isLinear: "linear" in data,
    changes: "changes" in data, card: card?.dataset.card,
    svg: element.querySelector(".code-preview svg") || null,
  };
}

/** Opens the screen with codes to swipe through. */
export function showCodes(list, first = 0) {
  codes = list;
  opened = performance.now();
  screen_.showModal();
  document.documentElement.style.overflow = "hidden";
  stayAwake();
  show(first);
}

/** Fetches a drawing ahead, so that a touch finds it there. */
export function warm(element) {
  const url = element.dataset.codeUrl;
  if (url) drawingOf(url).catch(() => {});
}

const kept = new Map();
function drawingOf(url) {
  if (!kept.has(url)) {
    kept.set(url, fetch(url, { credentials: "same-origin" }).then(async (answer) => {
      if (!answer.ok) throw new Error("no drawing");
      return parsed(await answer.text());
    }));
    kept.get(url).catch(() => kept.delete(url));
  }
  return kept.get(url);
}

/** Reads a drawing of ours; never as HTML, so that nothing in it could run. */
export function parsed(text) {
  const found = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  if (found.localName !== "svg") throw new Error("no drawing");
  return document.importNode(found, true);
}

async function show(index) {
  shown = index;
  turned = null;
  const mine = ++run;
  const code = codes[index];
  clearTimeout(timer);
  at("code-name").textContent = code.name;
  at("code-number").textContent = code.number;
  at("code-hint").textContent = t("common.js.code_hint");
  at("code-former").hidden = at("code-next").hidden = codes.length < 2;
  at("code-former").disabled = index === 0;
  at("code-next").disabled = index === codes.length - 1;
  put(null, code);
  if (code.svg) put(code.svg.cloneNode(true), code);
  else if (code.url) {
    try {
      const found = await drawingOf(code.url);
      if (mine === run) put(found.cloneNode(true), code);
    } catch {
      if (mine === run) bare(code, t("common.js.code_missing"));
    }
  } else bare(code);
  if (mine === run && code.changes) change(code, mine);
}

/** A code that changes: a new one before the old ends; without network the fixed one stays. */
async function change(code, mine) {
  let pause = 5000;
  try {
    const made = await post(`/v1/cards/${code.card}/one-time-codes`);
    if (mine !== run || !screen_.open) return;
    put(parsed(made.barcode_svg), { ...code, isLinear: !isSquare(made.barcode_format) });
    at("code-number").textContent = made.code;
    at("code-hint").textContent = t("common.js.code_changes");
    pause = Math.max(5000, Math.min(Date.parse(made.expires_at) - Date.now(), 30000) - 3000);
  } catch {
    if (mine !== run || !screen_.open) return;
    at("code-hint").textContent = t("common.js.code_fixed");
    at("code-number").textContent = code.number;
    if (code.svg) put(code.svg.cloneNode(true), code);
    else if (code.url) drawingOf(code.url).then((found) => mine === run && put(found.cloneNode(true), code)).catch(() => {});
  }
  timer = setTimeout(() => mine === run && screen_.open && change(code, mine), pause);
}

const isSquare = (format) => ["QR_CODE", "AZTEC", "DATA_MATRIX", "MAXICODE", "PDF_417"].includes(format);

function put(svg, code) {
  drawing = svg && { svg, isLinear: code.isLinear, width: Number(svg.getAttribute("width")), height: Number(svg.getAttribute("height")) };
  const place = at("code-drawing");
  place.classList.remove("is-turned");
  place.replaceChildren(...(svg ? [svg] : []));
  if (svg) {
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", t("common.js.code_of", { name: code.name }));
  }
  at("code-turn").hidden = !drawing?.isLinear;
  lay();
}

function bare(code, hint) {
  drawing = null;
  const text = document.createElement("p");
  text.className = "code-alone mono";
  text.textContent = code.number;
  at("code-drawing").replaceChildren(text);
  at("code-turn").hidden = true;
  if (hint) at("code-hint").textContent = hint;
}

/** Gives the drawing whole device pixels a module, as many as fit. */
function lay() {
  if (!drawing) return;
  const box = at("code-middle").getBoundingClientRect();
  const ratio = window.devicePixelRatio || 1;
  const { svg, width, height, isLinear } = drawing;
  // Where not even one pixel a module fits, all of it in fractions reads better than a part.
  const fitting = (space) => (Math.floor((space * ratio) / width) || (space * ratio) / width) / ratio;
  let isTurned = turned;
  if (isTurned === null) isTurned = isLinear && box.height > box.width && fitting(box.width) < MODULE_LEAST && fitting(box.height) > fitting(box.width);
  const long = isTurned ? box.height : box.width;
  const short = isTurned ? box.width : box.height;
  let size = fitting(long);
  let high;
  if (isLinear) {
    size = Math.min(size, MODULE_MOST);
    high = Math.min(short * 0.86, Math.max(width * size * LINEAR_SHARE, 110));
    svg.setAttribute("preserveAspectRatio", "none");
  } else {
    const most = Math.min(size, short / height, WIDE_MOST / width) * ratio;
    size = (Math.floor(most) || most) / ratio;
    high = height * size;
  }
  high = Math.round(high * ratio) / ratio;
  svg.style.width = `${width * size}px`;
  svg.style.height = `${high}px`;
  const place = at("code-drawing");
  place.classList.toggle("is-turned", Boolean(isTurned));
  // Modules begin on a whole pixel, or each edge would be grey.
  svg.style.translate = "0 0";
  const corner = svg.getBoundingClientRect();
  const off = (value) => (Math.round(value * ratio) - value * ratio) / ratio;
  svg.style.translate = `${off(corner.left)}px ${off(corner.top)}px`;
}

async function stayAwake() {
  try {
    const made = await navigator.wakeLock?.request("screen");
    if (screen_.open && (!lock || lock.released)) lock = made;
    else made?.release?.().catch?.(() => {}); // closed before the browser answered
  } catch {
    lock = null;
  }
}

function closed() {
  run += 1;
  clearTimeout(timer);
  document.documentElement.style.overflow = "";
  lock?.release?.().catch?.(() => {});
  lock = null;
}

if (screen_) {
  screen_.addEventListener("close", closed);
  screen_.addEventListener("click", (event) => {
    const isBeside = event.target.id === "code-middle" && performance.now() - opened > SETTLES;
    if (event.target.closest("[data-code-close]") || isBeside) screen_.close();
  });
  at("code-copy").addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(at("code-number").textContent);
      at("code-hint").textContent = t("common.js.copied");
    } catch {
      getSelection().selectAllChildren(at("code-number"));
    }
  });
  at("code-turn").addEventListener("click", () => {
    turned = !at("code-drawing").classList.contains("is-turned");
    lay();
  });
  at("code-former").addEventListener("click", () => shown > 0 && show(shown - 1));
  at("code-next").addEventListener("click", () => shown < codes.length - 1 && show(shown + 1));
  let from = null;
  screen_.addEventListener("touchstart", (event) => { from = event.touches.length === 1 ? event.touches[0].clientX : null; }, { passive: true });
  screen_.addEventListener("touchend", (event) => {
    const moved = from === null ? 0 : event.changedTouches[0].clientX - from;
    if (Math.abs(moved) > 60 && codes.length > 1) (moved > 0 ? at("code-former") : at("code-next")).click();
  }, { passive: true });
  screen_.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") at("code-former").click();
    if (event.key === "ArrowRight") at("code-next").click();
  });
  addEventListener("resize", () => screen_.open && lay());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && screen_.open && stayAwake());
}

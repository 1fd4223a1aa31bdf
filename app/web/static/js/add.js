// The page that adds a card: what is typed, scanned, photographed or pasted is drawn at once.
import { Problem, ensureSession, newKey, patch, post } from "./api.js";
import { readLink } from "./catima.js";
import { hasCamera, openCamera, readPicture } from "./scan.js";
import { findShops } from "./shops.js";
import { act, notice } from "./shell.js";
import { t } from "./texts.js";

const byId = (id) => document.getElementById(id);
const shop = byId("shop"), number = byId("number"), format = byId("format"), value = byId("value");
const NUMBER_MAX = 128;
const DRAW_WAIT_MILLISECONDS = 200;
const SQUARE = ["QR_CODE", "AZTEC", "DATA_MATRIX", "MAXICODE"];
let program = null; // the live program that was chosen
let color = null;
let further = {}; // what only a link says: dates, a balance
let drawn = null; // the last answer about the number
let timer, asked, sent = { body: "", key: "" };

const titles = new Map([...format.options].map((one) => [one.value, one.textContent]));
const titleOf = (name) => titles.get(name) || name.replace("_", "-");

function fault(input, text) {
  byId(`${input.id}-fault`).textContent = text;
  if (text) {
    input.setAttribute("aria-invalid", "true");
    input.focus();
  } else input.removeAttribute("aria-invalid");
}

/* The card as it will be seen */

function ink(hex) {
  const part = (at) => {
    const share = parseInt(hex.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5) > 0.179 ? "#111111" : "#ffffff";
}

function showShop() {
  const name = shop.value.trim();
  byId("seen-shop").textContent = name || byId("seen-shop").dataset.empty;
  byId("seen-mark").textContent = name.split(/[\s'’-]+/).filter(Boolean).slice(0, 2).map((word) => [...word][0].toUpperCase()).join("");
  const seen = byId("seen");
  if (color) {
    seen.style.setProperty("--color", color);
    seen.style.setProperty("--ink", ink(color));
  } else {
    seen.style.removeProperty("--color");
    seen.style.removeProperty("--ink");
  }
  byId("go").textContent = program && !number.value.trim() ? t("add.js.go.new") : t("add.js.go.card");
}

function showCode() {
  const image = byId("seen-image"), typed = number.value.trim();
  const hasImage = Boolean(typed && drawn?.svg);
  image.hidden = !hasImage;
  if (hasImage) image.src = `data:image/svg+xml,${encodeURIComponent(drawn.svg)}`;
  image.parentElement.classList.toggle("is-square", hasImage && SQUARE.includes(drawn.barcode_format));
  byId("seen-number").textContent = typed;
  byId("seen-empty").hidden = Boolean(typed);
  byId("said-look").hidden = !typed || !drawn;
  if (!typed || !drawn) byId("said-format").textContent = "";
  else if (drawn.barcode_format === "none") byId("said-format").textContent = t("add.js.format.none");
  else {
    const name = drawn.is_guessed ? "guessed" : "chosen";
    byId("said-format").textContent = `${t(`add.js.format.${name}`, { format: titleOf(drawn.barcode_format) })}.`;
  }
  showFlaw();
}

function offer(label, work) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button button-small button-quiet";
  button.textContent = label;
  button.addEventListener("click", work);
  return button;
}

/** Says what is wrong with the number, with offers. Nothing is repaired by itself. */
function showFlaw() {
  const box = byId("flaw"), flaw = number.value.trim() && drawn?.flaw;
  box.hidden = !flaw;
  box.replaceChildren();
  if (!flaw) return;
  const title = titleOf(flaw.barcode_format), says = document.createElement("p");
  const digit = /check digit is (\d), not (\d)/.exec(flaw.reason);
  if (digit) says.textContent = t("add.js.flaw.digit", { format: title, right: digit[1], wrong: digit[2] });
  else if (flaw.suggestion) says.textContent = t("add.js.flaw.short", { format: title, value: flaw.suggestion });
  else says.textContent = t("add.js.flaw.other", { format: title });
  if (drawn.svg) says.textContent += ` ${t("add.js.flaw.kept", { format: titleOf(drawn.barcode_format) })}`;
  const offers = document.createElement("div");
  offers.className = "buttons";
  if (flaw.suggestion) {
    offers.append(offer(t("add.js.flaw.use_value", { value: flaw.suggestion }), () => {
      number.value = flaw.suggestion;
      draw();
      number.focus();
    }));
  }
  if (!drawn.svg && flaw.suggested_format) {
    offers.append(offer(t("add.js.flaw.use_format", { format: titleOf(flaw.suggested_format) }), () => {
      format.value = flaw.suggested_format;
      draw();
      number.focus();
    }));
  }
  box.append(says);
  if (offers.children.length) box.append(offers);
}

async function draw() {
  clearTimeout(timer);
  asked?.abort();
  fault(number, "");
  const typed = number.value.trim();
  showShop();
  if (!typed) {
    drawn = null;
    showCode();
    return;
  }
  const body = { number: typed };
  if (value.value) body.barcode_value = value.value;
  if (format.value) body.barcode_format = format.value;
  if (program) body.program_id = program;
  asked = new AbortController();
  try {
    drawn = await post("/v1/barcodes/draw", body, { signal: asked.signal });
  } catch (problem) {
    if (!(problem instanceof Problem)) return; // a newer number is being drawn
    drawn = null;
    if (problem.status) {
      byId("number-fault").textContent = problem.words;
      number.setAttribute("aria-invalid", "true");
    }
  }
  showCode();
}

function drawSoon() {
  clearTimeout(timer);
  timer = setTimeout(draw, DRAW_WAIT_MILLISECONDS);
}

/* Where the code comes from */

function take(code) {
  const fits = code.value.trim() === code.value && code.value.length <= NUMBER_MAX && !/[\x00-\x1f\x7f]/.test(code.value);
  number.value = code.value.trim().replace(/[\x00-\x1f\x7f]/g, "").slice(0, NUMBER_MAX);
  value.value = fits ? "" : code.value;
  format.value = titles.has(code.format) ? code.format : "";
  notice(t("add.js.read", { value: number.value }));
  draw();
  (shop.value.trim() ? byId("go") : shop).focus();
}

function showOthers(others) {
  const box = byId("others");
  box.hidden = !others?.length;
  const says = document.createElement("span");
  says.textContent = t("add.js.read.others");
  box.replaceChildren(says, ...(others || []).slice(0, 5).map((one) => offer(one.value.slice(0, 30), () => take(one))));
}

async function readFile(file) {
  if (!file) return;
  notice(t("add.js.reading"), { seconds: 20 });
  let found;
  try {
    found = await readPicture(file);
  } catch (problem) {
    notice(problem instanceof Problem ? problem.words : t("add.js.read.bad"), { isBad: true });
    return;
  }
  if (!found) {
    notice(t("add.js.read.none"), { isBad: true, seconds: 8 });
    number.focus();
    return;
  }
  take(found);
  showOthers(found.others);
}

byId("picture").addEventListener("change", async (event) => {
  await readFile(event.target.files[0]);
  event.target.value = "";
});
addEventListener("paste", (event) => {
  const file = [...(event.clipboardData?.files || [])].find((one) => one.type.startsWith("image/"));
  if (file) readFile(file);
});

const camera = byId("camera");
byId("scan").addEventListener("click", async () => {
  if (!hasCamera()) {
    notice(t("add.js.camera.none"), { isBad: true, seconds: 8 });
    return;
  }
  camera.showModal();
  byId("camera-said").textContent = t("add.js.camera.looking");
  let opened;
  try {
    opened = await openCamera(byId("video"));
    camera.addEventListener("close", opened.stop, { once: true });
    if (!camera.open) opened.stop();
    const light = byId("camera-light");
    light.hidden = !opened.hasLight;
    light.onclick = async () => {
      const isOn = light.getAttribute("aria-pressed") !== "true";
      await opened.light(isOn);
      light.setAttribute("aria-pressed", String(isOn));
    };
    const code = await opened.found;
    camera.close();
    if (!code) return;
    navigator.vibrate?.(60);
    take(code);
  } catch (problem) {
    opened?.stop();
    camera.close();
    notice(problem instanceof Problem ? problem.words : t("add.js.camera.refused"), { isBad: true, seconds: 8 });
  }
});
byId("camera-close").addEventListener("click", () => {
  camera.close();
  number.focus();
});

/** Fills the form with the card of a link. Answers whether there is one. */
function takeLink(text) {
  const found = readLink(text);
  if (!found) return false;
  shop.value = found.shop;
  number.value = found.number;
  value.value = found.value;
  format.value = titles.has(found.format) ? found.format : "none";
  byId("note").value = found.note;
  ({ further, color } = found);
  program = null;
  draw();
  notice(t("add.js.link.read", { shop: found.shop }));
  byId("go").focus();
  return true;
}

byId("link").addEventListener("input", (event) => {
  const text = event.target.value.trim();
  fault(event.target, "");
  if (!text || takeLink(text)) return;
  const own = /^https?:\/\/[^/]+(\/(?:share|claim)#.+)$/.exec(text);
  if (own && new URL(text).origin === location.origin) location.assign(own[1]);
  else byId("link-fault").textContent = t("add.js.link.unknown");
});

/* The form */

findShops(shop, byId("shops"), byId("shops-said"), {
  typed: () => {
    program = color = null;
    fault(shop, "");
    showShop();
    drawSoon();
  },
  named: (found) => {
    if (program) return;
    ({ color } = found);
    showShop();
  },
  chosen: (found) => {
    color = found.color;
    program = found.is_live ? found.program_id : null;
    if (program) notice(t("add.js.live.picked", { shop: found.name }), { seconds: 8 });
    draw();
    number.focus();
  },
});
number.addEventListener("input", () => {
  value.value = "";
  drawSoon();
});
for (const field of [format, value]) field.addEventListener("input", drawSoon);
byId("change-format").addEventListener("click", () => {
  byId("format-field").hidden = false;
  format.value = drawn?.barcode_format || "";
  format.focus();
});

function wanted(linkToken) {
  const typed = number.value.trim(), body = {};
  if (program) body.program_id = program;
  else body.shop_name = shop.value.trim();
  if (typed) {
    body.number = typed;
    if (value.value) body.barcode_value = value.value;
    if (format.value) body.barcode_format = format.value;
  }
  for (const name of ["label", "note"]) if (byId(name).value.trim()) body[name] = byId(name).value.trim();
  if (color && !program && further.own_balance !== undefined) body.color = color;
  if (linkToken) body.link_token = linkToken;
  return body;
}

/** Adds the card; the same content sent twice makes one card. Throws Problem. */
async function add(linkToken) {
  await ensureSession();
  const body = wanted(linkToken), text = JSON.stringify(body);
  if (sent.body !== text) sent = { body: text, key: newKey() };
  const card = await post("/v1/cards", body, { key: sent.key });
  const more = Object.fromEntries(Object.entries(further).filter(([, one]) => one !== null));
  if (!program && Object.keys(more).length) await patch(`/v1/cards/${card.id}`, more);
  location.assign(`/cards/${card.id}`);
}

function refused(problem) {
  sent = { body: "", key: "" };
  if (!(problem instanceof Problem)) throw problem;
  if (problem.code === "proof-needed") {
    byId("proof").hidden = false;
    byId("proof").scrollIntoView({ block: "center" });
    byId("proof-send").focus();
  } else if (problem.code === "payment-card") fault(number, problem.words);
  else if (problem.code === "invalid-barcode" || problem.code === "invalid-input") {
    const { path } = problem.errors[0] || {};
    if (path === "shop_name") fault(shop, t("add.js.shop.missing"));
    else if (!number.value.trim()) fault(number, t("add.js.number.missing"));
    else fault(number, problem.words);
    draw();
  } else throw problem;
}

byId("card-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  fault(shop, "");
  fault(number, "");
  if (!shop.value.trim()) {
    fault(shop, t("add.js.shop.missing"));
    return;
  }
  if (!number.value.trim() && !program) {
    fault(number, t("add.js.number.missing"));
    return;
  }
  await act(byId("go"), () => add().catch(refused));
});

byId("proof-send").addEventListener("click", (event) => act(event.currentTarget, async () => {
  await post("/v1/link-codes", { program_id: program, number: number.value.trim() });
  byId("proof-form").hidden = false;
  byId("proof-code").focus();
  notice(t("add.js.proof.sent"), { seconds: 8 });
}));
byId("proof-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const code = byId("proof-code");
  fault(code, "");
  await act(event.submitter, () => add(code.value.replace(/\D/g, "") || "-").catch((problem) => {
    if (!["proof-needed", "invalid-input"].includes(problem.code)) throw problem;
    fault(code, t("add.js.proof.bad"));
  }));
});
byId("proof-without").addEventListener("click", () => {
  program = null;
  byId("proof").hidden = true;
  draw();
  byId("go").focus();
});

byId("seen-shop").dataset.empty = byId("seen-shop").textContent;
showShop();
if (location.hash.length > 1) {
  takeLink(location.href);
  history.replaceState(null, "", location.pathname);
} else if (number.value) draw();

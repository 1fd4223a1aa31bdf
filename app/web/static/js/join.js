// Joins a program without an account. The page keeps its key, so a second click makes no second card.
import { Problem, ensureSession, get, newKey, post } from "./api.js";
import { act } from "./shell.js";
import { t } from "./texts.js";

const byId = (id) => document.getElementById(id);
const { program, visitor } = document.querySelector("[data-program]").dataset;
const place = `join:${program}`;
const SQUARE = ["QR_CODE", "AZTEC", "DATA_MATRIX", "MAXICODE"];
let kept = read();

/** {key, body} of the one card that this browser asks for, and {card, token} once it has it. */
function read() {
  try {
    return JSON.parse(localStorage.getItem(place)) || {};
  } catch {
    return {};
  }
}

function keep(more) {
  kept = { ...kept, ...more };
  try {
    localStorage.setItem(place, JSON.stringify(kept));
  } catch {
    // Without storage the page itself remembers, for as long as it is open.
  }
}

const bearer = () => ({ headers: { Authorization: `Bearer ${kept.token}` } });

function show(name) {
  for (const each of ["before", "after", "taken"]) byId(each).hidden = each !== name;
}

function image(svg) {
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

async function showCard() {
  const { card } = kept;
  byId("number").textContent = card.number;
  show("after");
  if (card.barcode_format === "none") return;
  const found = await post("/v1/barcodes/draw", { number: card.number, barcode_value: card.barcode_value, barcode_format: card.barcode_format });
  if (!found.svg) return;
  byId("code").src = image(found.svg);
  byId("code").hidden = false;
  byId("pass-art").remove();
  byId("pass-code").classList.toggle("is-square", SQUARE.includes(card.barcode_format));
}

async function showWayToPhone() {
  const picture = byId("to-phone");
  if (!picture) return;
  const value = `${location.origin}/claim#${kept.token}`;
  picture.src = image((await post("/v1/barcodes/draw", { number: "-", barcode_value: value, barcode_format: "QR_CODE" })).svg);
}

const FIELDS = { name: "display_name", email: "email", phone: "phone", birthday: "birthday" };
const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const boxes = [...document.querySelectorAll("[name=consent]")];

/** What stands in a field: a birthday as MM-DD, "" where none does. */
function told(key) {
  if (key !== "birthday") return byId(key)?.value.trim() || "";
  if (!byId("day")?.value || !byId("month").value) return "";
  return `${byId("month").value.padStart(2, "0")}-${byId("day").value.padStart(2, "0")}`;
}

function wanted() {
  const body = {};
  for (const [key, name] of Object.entries(FIELDS)) if (told(key)) body[name] = told(key);
  const consents = boxes.filter((box) => box.checked).map((box) => box.value);
  if (consents.length) body.consents = consents;
  return body;
}

/** Says at its field what is wrong, opens what hides it, and goes there. */
function refuse(key, text) {
  byId(`${key}-fault`).textContent = text;
  const field = key === "birthday" ? byId("day") : key === "consents" ? boxes.find((box) => box.required && !box.checked) || boxes[0] : byId(key);
  const hidden = field.closest("details");
  if (hidden) hidden.open = true;
  field.focus();
}

/** The first fault of the form: [key, text]. */
function fault() {
  for (const key of Object.keys(FIELDS)) {
    const field = byId(key);
    if (!field) continue;
    if (key === "birthday" && !told(key) && (byId("day").value || byId("month").value)) return [key, t("join.js.birthday.bad")];
    if (!told(key) && field.hasAttribute("required")) return [key, t("join.js.needed")];
    if (key === "email" && told(key) && (!told(key).includes("@") || !field.checkValidity())) return [key, t("join.js.email.bad")];
    if (key === "phone" && told(key) && !/^[+0-9 ().-]{3,32}$/.test(told(key))) return [key, t("join.js.phone.bad")];
    if (key === "birthday" && told(key) && Number(byId("day").value) > DAYS[byId("month").value - 1]) return [key, t("join.js.birthday.bad")];
  }
  return boxes.some((box) => box.required && !box.checked) ? ["consents", t("join.js.consent")] : null;
}

/** Puts the card into the wallet of whoever is signed in here, or of a new guest. */
async function claim() {
  await ensureSession();
  const card = await post("/v1/claims", { claim_token: kept.token });
  keep({ token: "", claimed: card.id });
  location.assign(`/cards/${card.id}`);
}

async function join() {
  if (!kept.key) keep({ key: newKey(), body: wanted() });
  let made;
  try {
    made = await post(`/v1/programs/${program}/join`, kept.body, { key: kept.key });
  } catch (problem) {
    // Nothing was made: the next try is another one. Without an answer it may have been.
    if (problem instanceof Problem && problem.status >= 400 && problem.status < 500 && problem.code !== "idempotency-in-progress") keep({ key: "" });
    const path = problem.errors?.[0]?.path?.split("[")[0];
    const key = Object.keys(FIELDS).find((name) => FIELDS[name] === path) || path;
    if (key && byId(`${key}-fault`)) {
      refuse(key, t("join.js.refused"));
      return;
    }
    if (!["conflict", "program-ended"].includes(problem.code)) throw problem;
    byId("fault").textContent = t(problem.code === "conflict" ? "join.js.none_left" : "join.js.ended");
    return;
  }
  keep({ card: made.card, token: made.claim_token });
  if (visitor) {
    await claim();
    return;
  }
  await showCard();
  byId("ready").focus();
  await showWayToPhone();
}

byId("form")?.addEventListener("submit", (event) => {
  event.preventDefault();
  for (const each of event.target.querySelectorAll(".fault")) each.textContent = "";
  const found = fault();
  if (found) refuse(...found);
  else act(byId("go"), join);
});

const ways = {
  apple: async () => (await post(`/v1/cards/${kept.card.id}/links`, {}, bearer())).url,
  google: async () => (await get(`/v1/cards/${kept.card.id}/google`, bearer())).save_url,
};
for (const button of document.querySelectorAll("[data-wallet]")) {
  button.addEventListener("click", () => act(button, async () => {
    location.assign(await ways[button.dataset.wallet]());
  }));
}

byId("keep").addEventListener("click", (event) => act(event.currentTarget, claim));
byId("sign-in")?.addEventListener("click", () => {
  try {
    sessionStorage.setItem("claim-token", kept.token);
  } catch {
    byId("sign-in").href = `/claim#${kept.token}`;
  }
});
byId("another").addEventListener("click", () => {
  kept = {};
  keep({});
  show("before");
  byId("go").focus();
});

/** A second visit shows the card that the first one made, unless it went into a wallet since. */
async function comeBack() {
  if (!kept.card) return;
  try {
    if (!kept.token) throw new Problem(401, {});
    keep({ card: await get(`/v1/cards/${kept.card.id}`, bearer()) });
  } catch (problem) {
    if (!(problem instanceof Problem) || ![401, 404].includes(problem.status)) {
      await showCard(); // no network: the card as it was
      return;
    }
    show("taken");
    return;
  }
  await showCard();
  await showWayToPhone();
}

comeBack().catch(() => {});

// A card's page: its code, wallets, history, and what its holder may change.
import { del, get, post, put } from "./api.js";
import { codeOf, parsed, showCodes } from "./code.js";
import { edit } from "./edits.js";
import { follow, moments, pageNow, replace } from "./live.js";
import { act, notice } from "./shell.js";
import { language, t } from "./texts.js";

const card = document.getElementById("card");
const id = card.dataset.card;
const route = `/v1/cards/${id}`;
const at = (name) => document.getElementById(name);

/** Draws the parts anew that the server writes differently now. */
async function refresh() {
  const fresh = (await pageNow())?.getElementById("card");
  if (!fresh || fresh.dataset.revision === card.dataset.revision) return;
  card.dataset.revision = fresh.dataset.revision;
  for (const part of fresh.querySelectorAll("[data-live]")) {
    const old = card.querySelector(`[data-live="${part.dataset.live}"]`);
    if (!old || old.outerHTML === part.outerHTML) continue;
    const open = new Set([...old.querySelectorAll(".voucher[open]")].map((voucher) => voucher.dataset.voucher));
    for (const voucher of replace(old, part).querySelectorAll(".voucher")) voucher.open = open.has(voucher.dataset.voucher);
    if (part.dataset.live === "history") cursor = undefined; // it is as short again as at first
  }
}

function showCode(panel) {
  const panels = [...card.querySelectorAll(".code-panel")];
  showCodes(panels.map(codeOf), panels.indexOf(panel));
}

const acts = {
  async favorite(button) {
    const isNow = button.getAttribute("aria-pressed") !== "true";
    await edit(id, { is_favorite: isNow });
    button.setAttribute("aria-pressed", String(isNow));
    notice(t(isNow ? "card.js.favorite" : "card.js.not_favorite"));
  },
  async archive(button) {
    const isNow = button.dataset.archived !== "true";
    await edit(id, { is_archived: isNow });
    button.dataset.archived = String(isNow);
    button.lastChild.textContent = t(isNow ? "card.js.unarchive" : "card.js.archive");
    notice(t(isNow ? "card.js.archived" : "card.js.unarchived"));
  },
  async edit() { at("edit").showModal(); },
  async delete() { at("delete").showModal(); },
  async share() {
    asking(true);
    at("share").showModal();
    await showHolders();
    const { writeLink } = await import("./catima.js");
    at("share-catima").dataset.copy = writeLink(await get(route));
  },
  async reissue() { at("reissue").showModal(); },
  async phone() {
    const made = await post(`${route}/links`);
    const drawn = await post("/v1/barcodes/draw", { number: made.url, barcode_format: "QR_CODE" });
    at("phone-qr").replaceChildren(parsed(drawn.svg));
    at("phone-copy").dataset.copy = made.url;
    const subject = t("card.js.link_subject", { name: card.dataset.name });
    at("phone-mail").href = `mailto:?subject=${encodeURIComponent(subject)}&body=${encodeURIComponent(made.url)}`;
    at("phone").showModal();
  },
  async history(button) { await moreHistory(button); },
  async missing() { at("missing").showModal(); },
};

let cursor;
async function moreHistory(button) {
  const list = at("history");
  const found = await get(`${route}/history?limit=${cursor ? 20 : 30}${cursor ? `&after=${encodeURIComponent(cursor)}` : ""}`);
  const fresh = cursor ? found.items : found.items.slice(list.children.length);
  cursor = found.next;
  button.hidden = !cursor;
  for (const entry of fresh) list.append(line(entry));
  moments(list);
}

function line(entry) {
  const made = document.createElement("li");
  const said = document.createElement("span");
  const text = document.createElement("span");
  text.className = "history-text";
  text.textContent = entry.text;
  const time = document.createElement("time");
  time.className = "muted small";
  time.dateTime = entry.at;
  time.dataset.moment = "";
  said.append(text, time);
  made.append(said);
  const change = document.createElement("b");
  change.className = "number change";
  if (typeof entry.units === "number") {
    change.classList.toggle("is-gain", entry.units > 0);
    change.textContent = (entry.units > 0 ? "+" : "−") + amount(Math.abs(entry.units), entry.unit);
  } else if (entry.balances?.length) change.textContent = amount(entry.balances[0].value, entry.balances[0].unit);
  if (change.textContent) made.append(change);
  return made;
}

/** A count of a unit, or its minor units of money, as the server writes them. */
function amount(value, unit) {
  const currency = JSON.parse(at("history").dataset.currencies)[unit];
  const of = currency ? { style: "currency", currency } : { maximumFractionDigits: 0 };
  const decimals = new Intl.NumberFormat(language, of).resolvedOptions().maximumFractionDigits;
  const figures = new Intl.NumberFormat(language, { minimumFractionDigits: decimals }).format(value / 10 ** decimals);
  if (!currency) return figures;
  return `${figures} ${language === "fr" && currency === "EUR" ? "€" : currency}`;
}

const wallets = {
  async apple() {
    if (card.dataset.device === "desktop") {
      await acts.phone();
      return;
    }
    const made = await post(`${route}/links`);
    location.href = new URL(made.url).pathname;
  },
  async google() {
    const made = await get(`${route}/google`);
    location.href = made.save_url;
  },
};

card.addEventListener("click", (event) => {
  const panel = event.target.closest(".code-panel");
  if (panel) showCode(panel);
  const button = event.target.closest("[data-act], [data-wallet], [data-redeem]");
  if (!button) return;
  if (button.dataset.act) act(button, () => acts[button.dataset.act](button));
  if (button.dataset.wallet) {
    event.preventDefault();
    act(button, () => wallets[button.dataset.wallet]());
  }
  if (button.dataset.redeem) redeem(button);
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-close]") || event.target.matches("dialog:not(.code-screen)")) event.target.closest("dialog").close();
});

function redeem(button) {
  at("redeem-text").textContent = button.previousElementSibling.textContent;
  const key = crypto.randomUUID?.() || String(Date.now() + Math.random()); // one for this offer: pressed twice is done once
  at("redeem-yes").onclick = () => act(at("redeem-yes"), async () => {
    try {
      await post(`${route}/redemptions`, { type: button.dataset.redeem, rule: button.dataset.rule }, { key });
      notice(t("card.js.redeemed"));
    } finally {
      at("redeem").close();
    }
    await refresh();
  });
  at("redeem").showModal();
}

at("delete-yes").addEventListener("click", () => act(at("delete-yes"), async () => {
  await edit(id, null, "DELETE");
  location.href = "/";
}));

at("reissue-yes").addEventListener("click", () => act(at("reissue-yes"), async () => {
  await post(`${route}/reissue`);
  at("reissue").close();
  notice(t("card.js.reissued"));
}));

card.addEventListener("change", (event) => {
  const box = event.target.closest("[data-consent]");
  if (!box) return;
  const isGiven = box.checked;
  act(box, async () => {
    try {
      await put(`${route}/consents`, { [box.dataset.consent]: isGiven });
    } catch (problem) {
      box.checked = !isGiven;
      throw problem;
    }
    notice(t(isGiven ? "card.js.consent_given" : "card.js.consent_withdrawn"));
    await redraw("consents");
  });
});

at("missing-form")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  const fault = at("missing-fault");
  const told = (name) => form.elements[name].value.trim();
  const body = { receipt: told("receipt") };
  const refuse = (name, text) => {
    form.elements[name].setAttribute("aria-invalid", "true");
    form.elements[name].focus();
    fault.textContent = text;
    fault.hidden = false;
  };
  fault.hidden = true;
  for (const input of form.elements) input.removeAttribute?.("aria-invalid");
  if (!body.receipt) return refuse("receipt", t("card.js.missing_receipt"));
  if (told("purchased_on")) body.purchased_on = told("purchased_on");
  if (told("note")) body.note = told("note");
  if (told("amount")) {
    const amount = told("amount").replace(",", ".").replace(/\s/g, "");
    if (!/^\d{1,11}(\.\d{1,2})?$/.test(amount) || !Number(amount)) return refuse("amount", t("card.js.bad_amount"));
    const money = new Intl.NumberFormat("en", { style: "currency", currency: form.dataset.currency });
    body.amount_minor = Math.round(Number(amount) * 10 ** money.resolvedOptions().maximumFractionDigits);
  }
  act(form.querySelector("[type=submit]"), async () => {
    try {
      await post(`${route}/missing-points`, body);
    } catch (problem) {
      const path = problem.errors?.[0]?.path;
      refuse(path === "purchased_on" ? path : path === "amount_minor" ? "amount" : "receipt", path ? t("card.js.missing_bad") : problem.words || t("card.js.not_saved"));
      return;
    }
    at("missing").close();
    form.reset();
    notice(t("card.js.missing_sent"));
    await redraw("missing");
  });
});

/** Draws one part anew: it changes without a change of the card. */
async function redraw(name) {
  const part = (await pageNow())?.querySelector(`[data-live="${name}"]`);
  const old = card.querySelector(`[data-live="${name}"]`);
  if (part && old) replace(old, part);
}

at("edit-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  const fault = at("edit-fault");
  fault.hidden = true;
  for (const input of form.elements) input.removeAttribute?.("aria-invalid");
  const body = changes(form);
  if (body === null) return;
  act(form.querySelector("[type=submit]"), async () => {
    try {
      const how = Object.keys(body).length ? await edit(id, body) : "sent";
      at("edit").close();
      if (how === "sent") {
        notice(t("card.js.saved"));
        location.reload();
      }
    } catch (problem) {
      const path = problem.errors?.[0]?.path?.split(/[.[]/)[0];
      const input = form.elements[path === "own_balance" ? "own_value" : path === "expires_at" ? "expires_on" : path === "barcode_value" ? "number" : path];
      input?.setAttribute("aria-invalid", "true");
      input?.focus();
      fault.textContent = problem.words || t("card.js.not_saved");
      fault.hidden = false;
    }
  });
});

/** What differs from how the form was drawn, as PATCH takes it; null: something is not right yet. */
function changes(form) {
  const body = {};
  const differs = (name) => {
    const input = form.elements[name];
    if (!input) return false;
    if (input.tagName === "SELECT") return ![...input.options].find((option) => option.defaultSelected)?.selected;
    return input.value !== input.defaultValue;
  };
  const value = (name) => form.elements[name].value.trim();
  for (const name of ["label", "note"]) if (differs(name)) body[name] = value(name) || null;
  for (const name of ["shop_name", "number", "barcode_format"]) if (differs(name)) body[name] = value(name);
  if (body.number) body.barcode_value = null;
  if (differs("groups")) body.groups = [...new Set(value("groups").split(",").map((name) => name.trim()).filter(Boolean))];
  if (form.elements.color.value !== form.elements.color.dataset.was) body.color = form.elements.color.value;
  if (differs("own_value") || (differs("own_currency") && value("own_value"))) {
    const amount = value("own_value").replace(",", ".").replace(/\s/g, "");
    if (amount && !/^-?\d{1,15}(\.\d{1,6})?$/.test(amount)) {
      at("edit-fault").textContent = t("card.js.bad_amount");
      at("edit-fault").hidden = false;
      form.elements.own_value.setAttribute("aria-invalid", "true");
      form.elements.own_value.focus();
      return null;
    }
    body.own_balance = amount ? { value: amount, currency: value("own_currency") || null } : null;
  }
  if (differs("expires_on")) {
    const day = value("expires_on");
    body.expires_at = day ? new Date(`${day}T23:59:59`).toISOString().replace(".000", "") : null;
  }
  return body;
}

/** Shows the question of the share dialog, or the link that answers it. */
function asking(isAsking) {
  at("share-made").hidden = isAsking;
  at("share-form").querySelector("fieldset").hidden = !isAsking;
  at("share-form").querySelector("[type=submit]").hidden = !isAsking;
}

async function showHolders() {
  const [open, holders] = await Promise.all([get(`${route}/shares`), get(`${route}/holders`)]);
  const rows = [];
  for (const one of holders.items) {
    const who = one.is_you ? t("card.js.owner") : one.display_name || t("card.js.somebody");
    const how = one.access === "owner" ? "" : ` · ${t(`card.js.${one.access}`)}`;
    rows.push(row(who + how, one.access === "owner" ? null : () => del(`${route}/holders/${one.user_id}`)));
  }
  for (const one of open.items) rows.push(row(`${t("card.js.open")} · ${t(`card.js.${one.access}`)}`, () => del(`${route}/shares/${one.id}`)));
  at("share-list").replaceChildren(...rows);
  at("share-who").hidden = rows.length < 2;
}

function row(text, revoke) {
  const made = document.createElement("li");
  const said = document.createElement("span");
  said.textContent = text;
  made.append(said);
  if (revoke) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button button-small button-quiet";
    button.textContent = t("card.js.revoke");
    button.setAttribute("aria-label", `${t("card.js.revoke")} – ${text}`);
    button.addEventListener("click", () => act(button, async () => { await revoke(); await showHolders(); }));
    made.append(button);
  }
  return made;
}

at("share-form")?.addEventListener("submit", (event) => {
  event.preventDefault();
  act(event.target.querySelector("[type=submit]"), async () => {
    const made = await post(`${route}/shares`, { access: new FormData(event.target).get("access") });
    at("share-url").value = made.url;
    at("share-copy").dataset.copy = made.url;
    const drawn = parsed(made.qr_svg);
    drawn.setAttribute("role", "img");
    drawn.setAttribute("aria-label", t("card.js.qr_of"));
    at("share-qr").replaceChildren(drawn);
    at("share-warning").textContent = made.warning;
    asking(false);
    at("share-send").hidden = !navigator.share;
    at("share-send").onclick = () => navigator.share({ title: card.dataset.name, url: made.url }).catch(() => {});
    at("share-url").select();
    await showHolders();
  });
});

moments();
follow(refresh);

// Settings: name, address, language, passkeys, sign-ins, erasing all.
import { Problem, del, get, patch, post, put } from "./api.js";
import { addPasskey, canUsePasskeys } from "./passkeys.js";
import { act, notice } from "./shell.js";
import { language, t } from "./texts.js";

const byId = (id) => document.getElementById(id);
const isSignedIn = Boolean(document.querySelector("[data-user]").dataset.user);
const days = new Intl.DateTimeFormat(language, { dateStyle: "medium" });
const day = (text) => days.format(new Date(text));

function on(id, event, work) {
  byId(id)?.addEventListener(event, (happened) => {
    if (event === "submit") happened.preventDefault();
    work(happened.submitter || happened.currentTarget);
  });
}

function fault(input, text) {
  byId(`${input.id}-fault`).textContent = text;
  if (text) {
    input.setAttribute("aria-invalid", "true");
    input.focus();
  } else input.removeAttribute("aria-invalid");
}

/** Forgets what this browser kept of whoever was signed in. */
async function forget() {
  try {
    localStorage.clear();
    sessionStorage.clear();
    for (const name of await caches.keys()) await caches.delete(name);
    for (const { name } of await indexedDB.databases()) indexedDB.deleteDatabase(name);
  } catch {
    // Whatever a browser does not let us see, it does not keep for us either.
  }
}

function row(title, hint, label, work) {
  const item = document.createElement("li");
  const said = document.createElement("div");
  const strong = document.createElement("span");
  strong.className = "strong";
  strong.append(...[title].flat());
  const small = document.createElement("span");
  small.className = "hint";
  small.textContent = hint;
  said.append(strong, small);
  item.append(said);
  if (label) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button button-quiet button-small";
    button.textContent = label;
    button.addEventListener("click", () => act(button, work));
    item.append(button);
  }
  return item;
}

async function showSessions() {
  const list = byId("session-list");
  const { items } = await get("/v1/sessions?limit=100");
  const rows = items.reverse().map((one) => {
    const hint = t("settings.js.session.since", { since: day(one.created_at), used: day(one.last_used_at) });
    if (one.is_current) {
      const pill = document.createElement("span");
      pill.className = "pill";
      pill.textContent = t("settings.js.session.current");
      return row([pill], hint);
    }
    return row(hint, "", t("settings.js.session.end"), async () => {
      await del(`/v1/sessions/${one.id}`);
      notice(t("settings.js.session.ended"));
      await showSessions();
    });
  });
  list.replaceChildren(...rows);
}

async function showPasskeys() {
  const list = byId("passkey-list");
  if (!list) return;
  const { items } = await get("/v1/passkeys");
  const rows = items.map((one) => {
    const used = one.last_used_at ? "settings.js.passkey.used" : "settings.js.passkey.made";
    const hint = t(used, { made: day(one.created_at), used: one.last_used_at && day(one.last_used_at) });
    return row(one.name, hint, t("settings.js.passkey.remove"), async () => {
      await del(`/v1/passkeys/${one.id}`);
      await showPasskeys();
    });
  });
  const none = document.createElement("li");
  none.className = "muted";
  none.textContent = t("settings.js.passkey.none");
  list.replaceChildren(...(rows.length ? rows : [none]));
}

/** A name to tell passkeys apart by: the system this browser runs on. */
function deviceName() {
  const hint = navigator.userAgentData?.platform || "";
  const found = hint || /iPhone|iPad|Android|Macintosh|Windows|Linux/.exec(navigator.userAgent)?.[0] || "";
  return found.replace("Macintosh", "Mac") || t("settings.js.passkey.name");
}

on("name-form", "submit", (button) => act(button, async () => {
  await patch("/v1/me", { display_name: byId("name").value.trim() || null });
  notice(t("settings.js.saved"));
}));

on("change-email", "click", (button) => {
  const forms = byId("email-forms");
  forms.hidden = !forms.hidden;
  button.setAttribute("aria-expanded", String(!forms.hidden));
  if (!forms.hidden) byId("new-email").focus();
});

const address = () => byId("new-email").value.trim();

on("email-form", "submit", async (button) => {
  const input = byId("new-email");
  fault(input, "");
  if (!address().includes("@") || !input.checkValidity()) {
    fault(input, t("settings.js.email.bad"));
    return;
  }
  await act(button, async () => {
    await post("/v1/me/email-codes", { email: address() });
    byId("email-code-form").hidden = false;
    byId("email-code").focus();
    notice(t("settings.js.email.sent", { email: address() }));
  });
});

async function changeAddress(button, merge) {
  const input = byId("email-code");
  fault(input, "");
  await act(button, async () => {
    const body = { email: address(), code: input.value.replace(/\D/g, "") || "-" };
    try {
      await put("/v1/me/email", merge ? { ...body, merge } : body);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (problem.status === 409) {
        byId("merge").hidden = false;
        byId("email-confirm").hidden = true;
        byId("merge-go").focus();
        return;
      }
      // A signed-out user is 401 too, but has no open form with a code in it for long.
      if (problem.status === 401 || problem.status === 410 || problem.status === 400) {
        fault(input, problem.status === 410 ? problem.words : t("settings.js.code.bad"));
        return;
      }
      throw problem;
    }
    byId("address").textContent = address();
    notice(t("settings.js.email.changed", { email: address() }));
    byId("email-code-form").hidden = byId("email-forms").hidden = true;
    byId("merge").hidden = true;
    byId("email-confirm").hidden = false;
    byId("change-email").setAttribute("aria-expanded", "false");
    byId("change-email").focus();
    input.value = byId("new-email").value = "";
    await showSessions();
  });
}

on("email-code-form", "submit", (button) => changeAddress(button, false));
on("merge-go", "click", (button) => changeAddress(button, true));

on("sign-out", "click", (button) => act(button, async () => {
  await post("/v1/sign-out", {});
  await forget();
  location.replace("/");
}));

for (const link of document.querySelectorAll("[data-language]")) {
  link.addEventListener("click", async (event) => {
    if (!isSignedIn) return;
    // Mails and passes speak the language too; the page changes even if that fails.
    event.preventDefault();
    await patch("/v1/me", { language: link.dataset.language }).catch(() => {});
    location.assign(link.href);
  });
}

const add = byId("add-passkey");
if (add && canUsePasskeys()) {
  add.hidden = false;
  on("add-passkey", "click", (button) => act(button, async () => {
    if (!(await addPasskey(deviceName()))) {
      notice(t("settings.js.passkey.refused"), { isBad: true });
      return;
    }
    notice(t("settings.js.passkey.added"));
    await showPasskeys();
  }));
}

const dialog = byId("erase-dialog");
on("lock-form", "submit", (button) => act(button, async () => {
  const password = byId("lock-password");
  const headers = { "X-Export-Password": encodeURIComponent(password.value) };
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await get("/v1/export/catima.zip", { headers, asFile: true }));
  link.download = "catima.zip";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  password.value = "";
}));

on("erase-open", "click", () => {
  byId("erase-check").checked = false;
  byId("erase-go").disabled = true;
  dialog.showModal();
});
on("erase-check", "change", () => {
  byId("erase-go").disabled = !byId("erase-check").checked;
});
on("erase-go", "click", (button) => act(button, async () => {
  await del("/v1/me");
  await forget();
  dialog.close();
  notice(t("settings.js.erased"));
  location.replace("/");
}));

if (isSignedIn) {
  for (const show of [showSessions, showPasskeys]) show().catch((problem) => notice(problem.words, { isBad: true }));
}

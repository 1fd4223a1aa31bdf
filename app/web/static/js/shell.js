// On every page: the notice line, the service worker, copy buttons, the theme without reloading.
import { patch } from "./api.js";
import { t } from "./texts.js";

const line = document.getElementById("notice");
let hides;

/** Says a short sentence at the foot of the page; screen readers read it out. */
export function notice(text, { isBad = false, seconds = 5 } = {}) {
  line.textContent = text;
  line.classList.toggle("is-bad", isBad);
  line.classList.add("is-shown");
  clearTimeout(hides);
  hides = setTimeout(() => line.classList.remove("is-shown"), seconds * 1000);
}

/** Runs an act behind a button: busy meanwhile, its problem in words. Answers whether it worked. */
export async function act(button, work) {
  if (button?.getAttribute("aria-busy") === "true") return false;
  button?.setAttribute("aria-busy", "true");
  try {
    await work();
    return true;
  } catch (problem) {
    notice(problem.words || t("common.js.error"), { isBad: true });
    return false;
  } finally {
    button?.removeAttribute("aria-busy");
  }
}

// Until a page's own script listens, a form would be sent as an address, with what was typed in it.
addEventListener("DOMContentLoaded", () => {
  for (const button of document.querySelectorAll("[data-early]")) button.disabled = false;
});

document.addEventListener("click", async (event) => {
  const copies = event.target.closest("[data-copy]");
  if (copies) {
    await act(null, async () => {
      await navigator.clipboard.writeText(copies.dataset.copy);
      notice(t("common.js.copied"));
    });
  }
  const choice = event.target.closest("[data-theme-choice]");
  if (choice) {
    event.preventDefault();
    const name = choice.dataset.themeChoice;
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `theme=${name}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
    if (name === "auto") document.documentElement.removeAttribute("data-theme");
    else document.documentElement.dataset.theme = name;
    for (const one of document.querySelectorAll("[data-theme-choice]")) {
      if (one === choice) one.setAttribute("aria-current", "true");
      else one.removeAttribute("aria-current");
    }
  }
});

// Another language or appearance of this very page: where it leads to next is not lost.
for (const link of document.querySelectorAll(".foot a[href*='?']")) {
  const address = new URL(link.href);
  for (const [name, value] of new URLSearchParams(location.search)) {
    if (!address.searchParams.has(name) && !["lang", "theme"].includes(name)) address.searchParams.set(name, value);
  }
  link.href = address.href;
}

/** Has the service worker keep addresses, `[[url, revision], …]`, and let go of all others. */
export async function keep(wanted) {
  if (!("serviceWorker" in navigator)) return;
  const { owner, version } = document.body.dataset;
  const worker = (await navigator.serviceWorker.ready).active;
  worker?.postMessage({ keep: wanted, owner, version });
}

/** Takes what is a user's off this device: call it before signing out or erasing. */
export async function forget() {
  navigator.serviceWorker?.controller?.postMessage({ forget: true });
  await Promise.all([globalThis.caches?.delete("wallet"), ...("indexedDB" in window ? ["portecarte", "portecarte-console"].map((name) => indexedDB.deleteDatabase(name)) : [])]);
}

// A signed-in user's language is also that of his passes and mails.
document.addEventListener("click", async (event) => {
  const link = event.target.closest(".foot a[hreflang]");
  if (!link || !document.body.dataset.owner) return;
  event.preventDefault();
  await patch("/v1/me", { language: link.hreflang }).catch(() => {});
  location.href = link.href;
});

if ("serviceWorker" in navigator) {
  addEventListener("load", () => navigator.serviceWorker.register("/sw.js").catch(() => {}));
}

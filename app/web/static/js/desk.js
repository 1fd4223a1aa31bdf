// What the pages of the desk share: asking /v1/partner for this merchant, rows, forms, dialogs.
import { call, newKey } from "./api.js";
import { act, notice } from "./shell.js";
import { language } from "./texts.js";

const desk = document.querySelector(".console");
export const { merchant, role, program } = desk.dataset;
export const programPath = `/programs/${program}`;
export const $ = (id) => document.getElementById(id);

/** Asks a route below /v1/partner for the merchant whose page this is. */
export const ask = (method, path, body, { headers = {}, ...options } = {}) =>
  call(method, `/v1/partner${path}`, body, {
    ...options, headers: { "X-Merchant": merchant, "Accept-Language": language, ...headers },
  });

const moments = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
const days = new Intl.DateTimeFormat(language, { dateStyle: "medium" });
export const when = (text) => moments.format(new Date(text));
export const day = (text) => days.format(new Date(text));
/** How many digits a currency has behind the comma. */
export const digitsOf = (currency) => new Intl.NumberFormat(language, { style: "currency", currency }).resolvedOptions().maximumFractionDigits;
export const signed = new Intl.NumberFormat(language, { signDisplay: "exceptZero" });

/** Fills a copy of a <template>: `values` by the names in data-f; null takes the element out. */
export function filled(template, values) {
  const made = template.content.firstElementChild.cloneNode(true);
  for (const place of made.querySelectorAll("[data-f]")) {
    const value = values[place.dataset.f];
    if (value === undefined) continue;
    if (value === null) place.remove();
    else if (value instanceof Node) place.replaceChildren(value);
    else place.textContent = value;
  }
  return made;
}

/** Shows what is there, or the line that says that nothing is. */
export function shown(list, empty) {
  const none = list.children.length === 0;
  empty.hidden = !none;
  (list.closest("table") || list).hidden = none;
}

/** Reads a list page by page: `draw(items)`; the button fetches the next page while there is one. */
export function pages(button, path, draw) {
  let next = null;
  const load = async (after) => {
    const joint = path().includes("?") ? "&" : "?";
    const found = await ask("GET", path() + (after ? `${joint}after=${encodeURIComponent(after)}` : ""));
    next = found.next ?? null;
    button.hidden = next === null;
    draw(found.items, !after);
  };
  button.addEventListener("click", () => act(button, () => load(next)));
  return () => act(null, () => load(null));
}

function cleared(form) {
  for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
  for (const place of form.querySelectorAll("[data-fault]")) place.textContent = "";
}

/** Names a fault beside its field, or in the notice line where no field is meant. */
export function explain(form, problem, known = {}) {
  cleared(form);
  const text = known[problem.code] || problem.words || String(problem);
  for (const error of problem.errors || []) {
    const name = error.path.split(/[.[]/)[0];
    const input = form.elements[name];
    const place = form.querySelector(`[data-fault="${CSS.escape(name)}"]`);
    if (!place) continue;
    place.textContent = error.message;
    if (input instanceof Element) {
      input.setAttribute("aria-invalid", "true");
      input.focus();
    }
    return;
  }
  notice(text, { isBad: true, seconds: 8 });
}

/** Sends a form by `work(data, key)`: pressed twice it is one act; changed, it is another one. */
export function sends(form, work, known) {
  let key = newKey();
  form.addEventListener("input", () => { key = newKey(); });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!form.reportValidity()) return;
    const button = event.submitter || form.querySelector("[type=submit]");
    await act(button, async () => {
      try {
        await work(new FormData(form), key);
        cleared(form);
        key = newKey();
      } catch (problem) {
        if (problem.status === undefined) throw problem;
        explain(form, problem, known);
      }
    });
  });
}

/** Opens a dialog; its buttons with data-close shut it. */
export function open(dialog) {
  dialog.returnValue = "";
  dialog.showModal();
}
for (const button of document.querySelectorAll("dialog [data-close]")) {
  button.addEventListener("click", () => button.closest("dialog").close());
}

/** Asks to confirm in a dialog with a form; `work` runs when it is sent, then it closes. */
export function confirms(dialog) {
  let what = null;
  sends(dialog.querySelector("form"), async (data, key) => {
    await what(data, key);
    dialog.close();
    dialog.querySelector("form").reset();
  });
  return (text, work) => {
    what = work;
    const subject = dialog.querySelector("[data-subject]");
    if (subject) subject.textContent = text;
    open(dialog);
  };
}
export { act, newKey, notice };

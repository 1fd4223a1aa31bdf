// Fields of a form that write to a document: by paths as the API names them, `units[0].name`.
import { said } from "./said.js";

/** A path's keys: "units[0].name" → ["units", 0, "name"]. */
export function keysOf(path) {
  return path.match(/[^.[\]]+|\[\d+\]/g)?.map((key) => (key.startsWith("[") ? Number(key.slice(1, -1)) : key)) || [];
}

export const valueAt = (root, path) => keysOf(path).reduce((found, key) => found?.[key], root);

/** Sets what stands at a path; undefined takes it away. */
export function setAt(root, path, value) {
  const keys = keysOf(path);
  const last = keys.pop();
  let place = root;
  keys.forEach((key, index) => {
    if (place[key] === undefined || place[key] === null) place[key] = typeof (keys[index + 1] ?? last) === "number" ? [] : {};
    place = place[key];
  });
  if (value === undefined) delete place[last];
  else place[last] = value;
}

/** A text in one language: the same text for all, or one a language. */
const textIn = (found, language) => (found && typeof found === "object" ? found[language] || "" : found || "");

/** Puts a text of a language beside the others; the same in all is one text again, none is null. */
function withText(found, language, text, languages) {
  const all = Object.fromEntries(languages.map((one) => [one, one === language ? text : textIn(found, one)]));
  const said = Object.entries(all).filter(([, one]) => one !== "");
  if (!said.length) return null;
  const isSame = said.length === languages.length && said.every(([, one]) => one === said[0][1]);
  return isSame ? said[0][1] : Object.fromEntries(said);
}

function readField(field) {
  if (field.type === "checkbox") return field.checked;
  const text = field.value;
  if (field.type === "number") return text.trim() === "" ? null : Number(text);
  return text === "" ? (field.dataset.none === "keep" ? "" : null) : text;
}

/** Shows in each field of a form what the document holds. */
export function fill(form, document_) {
  for (const field of form.querySelectorAll("[data-path]")) {
    const found = valueAt(document_, field.dataset.path);
    if (field.dataset.in) field.value = textIn(found, field.dataset.in);
    else if (field.type === "checkbox") field.checked = Boolean(found);
    else if (field.type === "color") field.value = found || field.dataset.usual || "#000000";
    else field.value = found ?? "";
  }
}

/** Writes a field's value into the document. */
export function take(field, document_) {
  const { path } = field.dataset;
  if (field.dataset.in) {
    const found = withText(valueAt(document_, path), field.dataset.in, field.value, document_.languages);
    setAt(document_, path, found ?? (field.dataset.none === "keep" ? "" : null));
  } else setAt(document_, path, readField(field));
}

function faultOf(field) {
  const id = (field.getAttribute("aria-describedby") || "").split(" ").find((one) => one.endsWith("-fault"));
  return id ? document.getElementById(id) : null;
}

/** The field of a path, or of the nearest thing that holds it; null where the form shows none. */
export function fieldAt(form, path) {
  for (let asked = path; asked; asked = asked.replace(/(\.?[^.[\]]+|\[\d+\])$/, "")) {
    const name = CSS.escape(asked);
    const found = form.querySelector(`[data-path="${name}"], [data-group="${name}"]`);
    if (found) return found;
  }
  return null;
}

/** Shows errors at their fields; returns those that have none. */
export function showFaults(form, errors) {
  for (const field of form.querySelectorAll('[aria-invalid="true"]')) {
    field.removeAttribute("aria-invalid");
    const fault = faultOf(field);
    if (fault) fault.textContent = "";
  }
  return errors.filter(({ path, message }) => {
    const field = fieldAt(form, path);
    const fault = field && faultOf(field);
    if (!fault) return true;
    field.setAttribute("aria-invalid", "true");
    const { text, lang } = said(message);
    fault.lang = lang;
    fault.textContent = fault.textContent ? `${fault.textContent} ${text}` : text;
    return false;
  });
}

/** Leads to a field: opens what hides it. */
export function goTo(form, path) {
  const field = fieldAt(form, path);
  if (!field) return false;
  for (let holder = field.parentElement; holder; holder = holder.parentElement) if (holder.tagName === "DETAILS") holder.open = true;
  field.focus();
  field.scrollIntoView({ block: "center" });
  return true;
}

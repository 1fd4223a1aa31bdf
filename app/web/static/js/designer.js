// The designer: the form writes the draft, the phones follow it, what they show badly is said.
import { cropped } from "./crop.js";
import { dropDraft, isChanged, keepDraft, openDraft } from "./draft.js";
import { fill, goTo, showFaults, take } from "./fields.js";
import { changeList, drawList } from "./lists.js";
import { followDraft } from "./preview.js";
import { said } from "./said.js";
import { act, notice } from "./shell.js";
import { t } from "./texts.js";

const id = document.querySelector(".console").dataset.program;
const form = document.getElementById("design");
const panel = document.getElementById("preview");
const warnings = document.getElementById("warnings");
const state = document.getElementById("draft-state");
const draft = await openDraft(id);

function showState() {
  const changed = isChanged(draft);
  state.textContent = changed ? t("designer.js.changed") : t("designer.js.same", { version: draft.answered.version });
  for (const one of document.querySelectorAll("[data-when-changed]")) one.hidden = !changed;
  for (const one of form.querySelectorAll("[data-picture-of]")) {
    const role = one.dataset.pictureOf;
    const own = draft.images[role];
    const address = own ? `data:image/png;base64,${own}` : draft.answered.images[role] && new URL(draft.answered.images[role]).pathname;
    one.hidden = !address;
    if (address && one.getAttribute("src") !== address) one.src = address;
    form.querySelector(`[data-undo="${role}"]`).hidden = !own;
  }
}

/** The second language's fields stand there only where the program speaks it. */
function showLanguages() {
  const spoken = draft.program.languages;
  for (const one of form.querySelectorAll("[data-spoken]")) one.hidden = !spoken.includes(one.dataset.spoken);
  for (const one of panel.querySelectorAll("[data-spoken]")) one.hidden = !spoken.includes(one.dataset.spoken);
  const chosen = panel.querySelector('[name="language"]:checked');
  if (!spoken.includes(chosen.value)) panel.querySelector(`[name="language"][value="${spoken[0]}"]`).checked = true;
  for (const one of form.querySelectorAll("[data-language]")) one.checked = spoken.includes(one.dataset.language);
  form.elements.first.value = spoken[0];
}

function drawAll() {
  for (const list of form.querySelectorAll("[data-list]")) drawList(list, draft.program);
  showLanguages();
  fill(form, draft.program);
  showColors();
}

function showColors() {
  for (const text of form.querySelectorAll("[data-color-text]")) {
    const picks = form.querySelector(`[data-color-of="${text.id}"]`);
    if (/^#[0-9a-f]{6}$/i.test(text.value)) picks.value = text.value;
  }
}

function told({ warnings: found, errors, problem }) {
  const left = showFaults(form, errors);
  // What rules should be warned of stands with the rules.
  const looks = found.filter((one) => one.code !== "rules");
  const lines = [...left.map((one) => ({ text: `${one.path}: ${said(one.message).text}`, path: one.path, isBad: true })), ...looks];
  if (problem && !errors.length) lines.push({ text: problem.code === "missing-scope" ? t("designer.js.viewer") : problem.words, path: "", isBad: true });
  warnings.replaceChildren(...lines.map((one) => {
    const item = document.createElement("li");
    item.classList.toggle("is-bad", Boolean(one.isBad));
    const button = Object.assign(document.createElement("button"), { type: "button", className: "text-button", textContent: one.text });
    button.addEventListener("click", () => goTo(form, one.path));
    item.append(button);
    return item;
  }));
  const faults = errors.length;
  document.getElementById("verdict").textContent = faults ? t("designer.js.faults", { n: faults }) : lines.length ? t("designer.js.warnings", { n: lines.length }) : t("designer.js.fine");
}

drawAll();
showState();
const look = followDraft(panel, () => ({ ...draft.program, of: id, images: draft.images }), told);

async function changed() {
  await keepDraft(draft);
  showState();
  look();
}

form.addEventListener("input", (event) => {
  const field = event.target;
  if (field.dataset.colorOf) {
    const text = document.getElementById(field.dataset.colorOf);
    text.value = field.value;
    take(text, draft.program);
  } else if (field.dataset.path) take(field, draft.program);
  else return;
  if (field.dataset.colorText !== undefined) showColors();
  changed();
});

form.addEventListener("change", async (event) => {
  const field = event.target;
  if (field.dataset.language || field.name === "first") {
    const first = form.elements.first.value;
    const spoken = [...form.querySelectorAll("[data-language]:checked")].map((one) => one.dataset.language);
    draft.program.languages = [first, ...spoken.filter((one) => one !== first)];
    drawAll();
    await changed();
  }
  if (field.dataset.role && field.files[0]) {
    const { role } = field.dataset;
    await act(null, async () => {
      const png = await cropped(field.files[0], role).catch(() => {
        throw { words: t("designer.js.crop.unreadable") };
      });
      if (png) draft.images[role] = png;
    });
    field.value = "";
    await changed();
  }
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.matches("[data-add], [data-remove], [data-up]")) {
    const list = changeList(button, draft.program);
    fill(form, draft.program);
    showLanguages();
    (button.isConnected ? list.querySelector("[data-rows] > :last-child input") : list.querySelector("[data-add]"))?.focus();
    await changed();
  } else if (button.dataset.undo) {
    delete draft.images[button.dataset.undo];
    await changed();
  } else if (button.dataset.discard !== undefined) {
    await dropDraft(id);
    Object.assign(draft, { program: structuredClone(draft.published), images: {}, base: draft.answered.version });
    drawAll();
    await changed();
    notice(t("designer.js.discarded"));
  }
});

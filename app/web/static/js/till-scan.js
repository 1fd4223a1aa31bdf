// Reads cards: a scanner that types like a keyboard, in the field or anywhere, and the camera.
import { openCamera, readAs } from "./scan.js";
import { bearer } from "./till-api.js";
import { at } from "./till-view.js";

const BETWEEN = 45; // milliseconds between two signs of a scanner; people are slower
const LEAST = 6; // signs of a burst: a shorter one may be an amount typed fast
let burst = "";
let last = 0;
let before = null; // the field a burst went into, and what stood in it

/** Calls `found(text)` for each code that is read, and keeps the focus where scanners type. */
export function listen(found) {
  const field = at("scan");
  at("scan-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = field.value;
    field.value = "";
    if (text.trim()) found(text);
  });
  // On a touch screen a keyboard would hide half the till: it comes up when the field is touched.
  if (matchMedia("(pointer: coarse)").matches) {
    field.inputMode = "none";
    field.addEventListener("pointerdown", () => { field.inputMode = "text"; });
    field.addEventListener("blur", () => { field.inputMode = "none"; });
  }
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const now = event.timeStamp;
    const isFast = now - last < BETWEEN;
    last = now;
    if (event.key === "Enter") {
      if (isFast && burst.length >= LEAST && event.target !== field && !document.querySelector("dialog[open]")) {
        event.preventDefault();
        event.stopPropagation();
        const text = burst;
        if (before) {
          before.field.value = before.value;
          before.field.dispatchEvent(new Event("input", { bubbles: true }));
        }
        burst = "";
        found(text);
      }
      burst = "";
    } else if (event.key.length === 1) {
      if (!isFast) {
        burst = "";
        const field_ = event.target;
        before = field_ instanceof HTMLInputElement && field_ !== field ? { field: field_, value: field_.value } : null;
      }
      burst += event.key;
      // Nothing has the focus: a scanner's signs go to its field, the first one too.
      const { target } = event;
      const isAct = target.matches("input, select, textarea") || (event.key === " " && target.closest("button, a, label, summary"));
      if (!isAct && !document.querySelector("dialog[open]") && !at("paired").hidden) field.focus();
    }
  }, true);
}

/** Opens the camera until a code is seen or the dialog closes. */
export async function scanByCamera(found, failed) {
  const dialog = at("camera");
  readAs(bearer());
  dialog.showModal();
  let camera = null;
  try {
    camera = await openCamera(at("video"));
    const closed = new Promise((resolve) => { dialog.addEventListener("close", () => resolve(null), { once: true }); });
    const code = dialog.open ? await Promise.race([camera.found, closed]) : null;
    if (code) found(code.value);
  } catch {
    failed();
  } finally {
    camera?.stop();
    if (dialog.open) dialog.close();
  }
}

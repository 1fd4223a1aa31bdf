// A picture is cut to its place on the pass in the page itself, by sliders or by dragging.
import { t } from "./texts.js";

// Pixels at three times the points of a pass; a logo is kept whole within its box.
const PLACES = { logo: [960, 300], strip: [1125, 432], icon: [512, 512], hero: [1032, 336] };
const BYTES_MAX = 1024 * 1024;
const SMALLER = 0.85;
const dialog = document.getElementById("crop");
const canvas = document.getElementById("crop-canvas");
const [zoom, across, down] = ["crop-zoom", "crop-x", "crop-y"].map((id) => document.getElementById(id));
let picture = null;
let role = "logo";

/** What of the picture is seen: a logo whole, others by their place's shape, zoom and position. */
function seen() {
  const { width, height } = picture;
  if (role === "logo") return [0, 0, width, height];
  const [wide, high] = PLACES[role];
  const fits = Math.min(width / wide, height / high) / (Number(zoom.value) / 100);
  const [w, h] = [wide * fits, high * fits];
  return [(width - w) * (Number(across.value) / 100), (height - h) * (Number(down.value) / 100), w, h];
}

function sizeOf(scale = 1) {
  const [wide, high] = PLACES[role];
  if (role !== "logo") return [Math.round(wide * scale), Math.round(high * scale)];
  const fits = Math.min(1, wide / picture.width, high / picture.height) * scale;
  return [Math.max(1, Math.round(picture.width * fits)), Math.max(1, Math.round(picture.height * fits))];
}

function draw(target, [width, height]) {
  [target.width, target.height] = [width, height];
  const pen = target.getContext("2d");
  pen.imageSmoothingQuality = "high";
  pen.drawImage(picture, ...seen(), 0, 0, width, height);
}

const show = () => draw(canvas, sizeOf());

async function written() {
  const target = document.createElement("canvas");
  for (let scale = 1; scale > 0.1; scale *= SMALLER) {
    draw(target, sizeOf(scale));
    const blob = await new Promise((resolve) => target.toBlob(resolve, "image/png"));
    if (blob && blob.size <= BYTES_MAX) return blob;
  }
  return null;
}

async function base64(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = "";
  for (let place = 0; place < bytes.length; place += 0x8000) text += String.fromCharCode(...bytes.subarray(place, place + 0x8000));
  return btoa(text);
}

/** Has a picture cut for its place; answers PNG in base64, or null where that was given up. */
export async function cropped(file, place) {
  picture = await createImageBitmap(file);
  role = place;
  [zoom.value, across.value, down.value] = [100, 50, 50];
  dialog.querySelector("[data-sliders]").hidden = role === "logo";
  document.getElementById("crop-size").textContent = t("designer.js.crop.size", { width: picture.width, height: picture.height, wide: PLACES[role][0], high: PLACES[role][1] });
  show();
  dialog.returnValue = "";
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  if (dialog.returnValue !== "take") return null;
  const blob = await written();
  return blob && base64(blob);
}

for (const slider of [zoom, across, down]) slider.addEventListener("input", show);

// Dragging is a shortcut: the sliders do the same by keyboard and by touch.
let from = null;
canvas.addEventListener("pointerdown", (event) => {
  from = [event.clientX, event.clientY, Number(across.value), Number(down.value)];
  canvas.setPointerCapture(event.pointerId);
});
canvas.addEventListener("pointermove", (event) => {
  if (!from || role === "logo") return;
  across.value = from[2] - ((event.clientX - from[0]) / canvas.clientWidth) * 100;
  down.value = from[3] - ((event.clientY - from[1]) / canvas.clientHeight) * 100;
  show();
});
canvas.addEventListener("pointerup", () => (from = null));

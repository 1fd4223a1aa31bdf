// Reads a code: of a picture, or of what the camera sees. BarcodeDetector where it exists, else the server.
import { Problem, ensureSession, post } from "./api.js";

const PIXELS_MAX = 4_000_000; // what the server takes; photos are shrunk to it here
const FRAME_WIDTH_MAX = 1280;
const PAUSE_MILLISECONDS = 350; // between two frames that the server reads
const NAMES = {
  ean_13: "EAN_13", ean_8: "EAN_8", upc_a: "UPC_A", upc_e: "UPC_E", code_128: "CODE_128", code_39: "CODE_39",
  code_93: "CODE_93", itf: "ITF", codabar: "CODABAR", qr_code: "QR_CODE", pdf417: "PDF_417", aztec: "AZTEC", data_matrix: "DATA_MATRIX",
};
let detector;
let asks = null; // headers of who is no user: a till

/** Has the server read for whoever these headers name, instead of for this browser's user. */
export const readAs = (headers) => { asks = headers; };

async function ownDetector() {
  if (detector === undefined) {
    detector = null;
    if ("BarcodeDetector" in window) {
      const formats = (await BarcodeDetector.getSupportedFormats().catch(() => [])).filter((name) => NAMES[name]);
      if (formats.length) detector = new BarcodeDetector({ formats });
    }
  }
  return detector;
}

/** What this browser reads by itself; null where the server has to look. */
async function readHere(picture) {
  const found = await (await ownDetector())?.detect(picture).catch(() => []);
  const codes = (found || []).map((one) => ({ format: NAMES[one.format], value: one.rawValue })).filter((one) => one.value);
  return codes.length ? { ...codes[0], others: codes.slice(1) } : null;
}

/** What the server reads; null when it sees no code. */
async function readThere(blob) {
  try {
    return await post("/v1/barcodes/read", blob, { headers: { ...asks, "Content-Type": blob.type } });
  } catch (problem) {
    if (problem instanceof Problem && problem.code === "no-barcode-found") return null;
    throw problem;
  }
}

function blobOf(canvas, quality) {
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/jpeg", quality));
}

function drawn(picture, width, height, most) {
  const scale = Math.min(1, Math.sqrt(most / (width * height)));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.floor(width * scale));
  canvas.height = Math.max(1, Math.floor(height * scale));
  const context = canvas.getContext("2d", { alpha: false });
  context.fillStyle = "#fff"; // what is transparent reads as paper
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/**
 * Reads a photo or a screenshot, shrunk and without where it was taken.
 * Answers {format, value, others}, or null when there is no code. Throws when it is no picture.
 */
export async function readPicture(file) {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const canvas = drawn(picture, picture.width, picture.height, PIXELS_MAX);
  picture.close();
  const here = await readHere(canvas);
  if (here) return here;
  if (!asks) await ensureSession();
  return readThere(await blobOf(canvas, 0.92));
}

export const hasCamera = () => Boolean(navigator.mediaDevices?.getUserMedia);

/** The rear camera until `stop()`; `found` resolves with the first code, or null when stopped. */
export async function openCamera(video) {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: false, video: { facingMode: { ideal: "environment" }, width: { ideal: 1920 }, height: { ideal: 1080 } },
  });
  let isOpen = true;
  const [track] = stream.getVideoTracks();
  const stop = () => {
    isOpen = false;
    track.stop();
    video.srcObject = null;
  };
  video.srcObject = stream;
  await video.play();
  if (!asks && !(await ownDetector())) await ensureSession(); // the server reads for users only
  const found = (async () => {
    while (isOpen) {
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLISECONDS));
      if (!isOpen || !video.videoWidth) continue;
      const code = (await readHere(video)) || (await readFrame(video));
      if (code && isOpen) return code;
    }
    return null;
  })();
  const hasLight = Boolean(track.getCapabilities?.().torch);
  const light = (isOn) => track.applyConstraints({ advanced: [{ torch: isOn }] });
  return { found, stop, hasLight, light };
}

async function readFrame(video) {
  if (await ownDetector()) return null; // it looks itself, many times a second
  const height = (FRAME_WIDTH_MAX * video.videoHeight) / video.videoWidth;
  const canvas = drawn(video, video.videoWidth, video.videoHeight, FRAME_WIDTH_MAX * height);
  return readThere(await blobOf(canvas, 0.85));
}

// Sounds of the till; words always stand beside them.
let context = null;
let isOn = true;
const NOTES = { good: [[880, 0, 0.09], [1320, 0.1, 0.14]], bad: [[220, 0, 0.18], [180, 0.2, 0.28]], warn: [[520, 0, 0.12], [520, 0.18, 0.12]] };

export const setSound = (value) => { isOn = value; };
export const hasSound = () => isOn;

// A browser lets a page sound only once somebody has touched it.
addEventListener("pointerdown", wake, { once: true });
addEventListener("keydown", wake, { once: true });

function wake() {
  if ("AudioContext" in window) context ||= new AudioContext();
}

/** Plays `good`, `bad` or `warn`. */
export function sound(name) {
  if (!isOn || !context || !NOTES[name]) return;
  for (const [pitch, from, length] of NOTES[name]) {
    const tone = new OscillatorNode(context, { frequency: pitch, type: name === "bad" ? "square" : "sine" });
    const loud = new GainNode(context, { gain: 0.12 });
    tone.connect(loud).connect(context.destination);
    tone.start(context.currentTime + from);
    tone.stop(context.currentTime + from + length);
  }
}

// Starts a merchant: its name is all that is asked.
import { newKey, post } from "./api.js";
import { act } from "./shell.js";
import { t } from "./texts.js";

const form = document.getElementById("sign-up");
const name = document.getElementById("name");
const fault = document.getElementById("name-fault");
const keys = new Map(); // a name → the key that it is sent with, also a second time

function keyOf(text) {
  if (!keys.has(text)) keys.set(text, newKey());
  return keys.get(text);
}

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = name.value.trim();
  fault.textContent = text ? "" : t("merchant-sign-up.js.needed");
  name.setAttribute("aria-invalid", String(!text));
  if (!text) return name.focus();
  await act(form.querySelector("button"), async () => {
    const made = await post("/v1/merchants", { name: text }, { key: keyOf(text) });
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `merchant=${made.id}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
    location.assign("/merchant/new");
  });
});

// Signs in: by a passkey, or by a code that is mailed and can be pasted.
import { Problem, post } from "./api.js";
import { canUsePasskeys, signInWithPasskey } from "./passkeys.js";
import { act, notice } from "./shell.js";
import { t } from "./texts.js";

const ask = document.getElementById("ask");
const prove = document.getElementById("prove");
const email = document.getElementById("email");
const code = document.getElementById("code");

/** The page to go on with: one of ours, named by `?next=`; else the wallet. */
function next() {
  const asked = new URLSearchParams(location.search).get("next") || "/";
  return /^\/(?![/\\])/.test(asked) ? asked : "/";
}

function fault(input, text) {
  document.getElementById(`${input.id}-fault`).textContent = text;
  input.toggleAttribute("aria-invalid", false);
  if (text) {
    input.setAttribute("aria-invalid", "true");
    input.focus();
  }
}

async function send(button) {
  fault(email, "");
  if (!email.value.includes("@") || !email.checkValidity()) {
    fault(email, t("sign-in.js.email.bad"));
    return;
  }
  const sent = await act(button, () => post("/v1/sign-in/codes", { email: email.value.trim() }));
  if (!sent) return;
  ask.hidden = true;
  prove.hidden = false;
  document.getElementById("sent").textContent = t("sign-in.js.sent", { email: email.value.trim() });
  code.value = "";
  code.focus();
}

async function enter() {
  const digits = code.value.replace(/\D/g, "");
  fault(code, "");
  if (digits.length !== 8) {
    fault(code, t("sign-in.js.code.short"));
    return;
  }
  await act(prove.querySelector("[type=submit]"), async () => {
    try {
      await post("/v1/sign-in", { email: email.value.trim(), code: digits });
    } catch (problem) {
      if (!(problem instanceof Problem) || ![401, 410].includes(problem.status)) throw problem;
      fault(code, problem.status === 401 ? t("sign-in.js.code.bad") : problem.words);
      return;
    }
    location.replace(next());
  });
}

ask.addEventListener("submit", (event) => {
  event.preventDefault();
  send(ask.querySelector("[type=submit]"));
});
prove.addEventListener("submit", (event) => {
  event.preventDefault();
  enter();
});
code.addEventListener("input", () => {
  if (code.value.replace(/\D/g, "").length === 8) enter();
});
document.getElementById("again").addEventListener("click", (event) => send(event.target));
document.getElementById("other").addEventListener("click", () => {
  prove.hidden = true;
  ask.hidden = false;
  email.focus();
});

const offer = document.getElementById("with-passkey");
if (offer && canUsePasskeys()) {
  offer.hidden = false;
  document.getElementById("passkey").addEventListener("click", async (event) => {
    await act(event.currentTarget, async () => {
      if (await signInWithPasskey()) location.replace(next());
      else notice(t("sign-in.js.passkey.none"), { isBad: true });
    });
  });
}

// Takes a card by a link, claimed or shared. The token stands in the fragment: no server saw it.
import { Problem, ensureSession, post } from "./api.js";
import { act } from "./shell.js";
import { t } from "./texts.js";

const { kind } = document.querySelector("[data-kind]").dataset;
const kept = `${kind}-token`;

/** The token of the address, which then no longer shows it; kept for a sign-in on the way. */
function takeToken() {
  let given = location.hash.slice(1);
  try {
    given = decodeURIComponent(given);
  } catch {
    // Damaged on its way: as it stands it is nobody's token, which accepting it then says.
  }
  if (given) {
    try {
      sessionStorage.setItem(kept, given);
      history.replaceState(null, "", location.pathname);
    } catch {
      // Without storage the fragment stays where it is: the only place that has it.
    }
    return given;
  }
  try {
    return sessionStorage.getItem(kept) || "";
  } catch {
    return "";
  }
}

function forget() {
  try {
    sessionStorage.removeItem(kept);
    localStorage.removeItem("joined-claim");
  } catch {
    // Nothing was kept.
  }
}

function accept(token) {
  return kind === "claim"
    ? post("/v1/claims", { claim_token: token })
    : post(`/v1/shares/${encodeURIComponent(token)}`, {});
}

// A copy of a card, its data in the fragment, is no invitation: it is added like any card.
if (kind === "share" && /cardid(=|%3D)/i.test(location.hash)) location.replace(`/add${location.hash}`);

const token = takeToken();
document.getElementById("offer").hidden = !token;
document.getElementById("nothing").hidden = Boolean(token);

const way = document.querySelector("[data-way-out]");
if (way && token) {
  const copies = way.querySelector("[data-copy]");
  copies.dataset.copy += `#${token}`;
  const link = way.querySelector("[data-way-out-link]");
  // An intent has a fragment of its own, so the token cannot come along there: copy it.
  if (link?.href.startsWith("intent:")) link.remove();
  else if (link) link.href += `#${token}`;
}

document.getElementById("accept").addEventListener("click", (event) => act(event.currentTarget, async () => {
  const fault = document.getElementById("accept-fault");
  fault.textContent = "";
  await ensureSession();
  try {
    const card = await accept(token);
    forget();
    location.replace(`/cards/${card.id}`);
  } catch (problem) {
    if (!(problem instanceof Problem) || ![400, 404, 410].includes(problem.status)) throw problem;
    fault.textContent = t(`accept.js.${kind}.gone`);
  }
}));

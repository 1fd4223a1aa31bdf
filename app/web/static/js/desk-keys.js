// Keys: made and rolled with their secret shown once, revoked at once.
import { $, act, ask, confirms, filled, notice, open, sends, shown, when } from "./desk.js";
import { t } from "./texts.js";

const list = $("list");
const roll = confirms($("roll"));
const revoke = confirms($("revoke"));

function drawn(key) {
  const row = filled($("row"), {
    name: key.name,
    prefix: `${key.prefix}…`,
    ips: key.ips ? key.ips.join(", ") : null,
    may: key.scopes.map((scope) => t(`keys.js.scope.${scope}`)).join(", "),
    used: key.last_used_at ? when(key.last_used_at) : t("keys.js.never"),
  });
  row.querySelector("[data-act=roll]").addEventListener("click", () => roll(key.name, async (data, again) => {
    const rolled = await ask("POST", `/keys/${key.id}/roll`, { overlap_seconds: Number(data.get("overlap")) }, { key: again });
    tell(rolled);
    await load();
  }));
  row.querySelector("[data-act=revoke]").addEventListener("click", () => revoke(key.name, async () => {
    await ask("DELETE", `/keys/${key.id}`);
    notice(t("keys.js.revoked"));
    await load();
  }));
  return row;
}

function tell(key) {
  $("made-name").textContent = key.name;
  $("made-token").textContent = key.token;
  $("made-copy").dataset.copy = key.token;
  open($("made"));
}
$("made").addEventListener("close", () => {
  $("made-token").textContent = "";
  $("made-copy").dataset.copy = "";
});

async function load() {
  const found = await ask("GET", "/keys");
  list.replaceChildren(...found.items.map(drawn));
  shown(list, $("empty"));
}

sends($("new"), async (data, key) => {
  const ips = data.get("ips").split(/[\s,;]+/).filter(Boolean);
  const body = { name: data.get("name").trim(), scopes: data.getAll("scopes"), ...(ips.length ? { ips } : {}) };
  tell(await ask("POST", "/keys", body, { key }));
  $("new").reset();
  await load();
});
act(null, load);

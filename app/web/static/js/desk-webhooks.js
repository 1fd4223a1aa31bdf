// Webhooks: endpoints added, changed, rolled, switched off and deleted; a secret is shown once.
import { $, act, ask, confirms, filled, notice, open, sends, shown, when } from "./desk.js";
import { has, t } from "./texts.js";

const list = $("list");
const roll = confirms($("roll"));
const remove = confirms($("delete"));
const change = confirms($("change"));

const sent = (data) => {
  const types = data.getAll("types");
  const description = data.get("description").trim();
  return { url: data.get("url").trim(), ...(types.length ? { types } : {}), ...(description ? { description } : {}) };
};

function tell(made) {
  $("made-url").textContent = made.url;
  $("made-secret").textContent = made.secret;
  $("made-copy").dataset.copy = made.secret;
  open($("made"));
}
$("made").addEventListener("close", () => {
  $("made-secret").textContent = "";
  $("made-copy").dataset.copy = "";
});

function edit(hook) {
  const { elements } = $("change").querySelector("form");
  elements.url.value = hook.url;
  elements.description.value = hook.description || "";
  for (const box of elements.types) box.checked = (hook.types || []).includes(box.value);
  change("", async (data) => {
    await ask("PUT", `/webhooks/${hook.id}`, sent(data));
    notice(t("webhooks.js.saved"));
    await load();
  });
}

/** Says what is wrong with an endpoint; null where nothing is. */
function why(hook) {
  const reason = `webhooks.js.reason.${hook.disabled_reason}`;
  if (hook.disabled_reason) return has(reason) ? t(reason) : hook.disabled_reason;
  return hook.failing_since ? t("webhooks.js.failing", { at: when(hook.failing_since) }) : null;
}

function drawn(hook) {
  const isOn = hook.status === "enabled";
  const row = filled($("row"), {
    url: hook.url,
    state: t(`webhooks.js.${hook.status}`),
    description: hook.description || null,
    types: hook.types?.length ? hook.types.join(", ") : t("webhooks.js.all"),
    why: why(hook),
  });
  row.querySelector(".pill").classList.toggle("pill-bad", !isOn);
  const on = (name, work) => row.querySelector(`[data-act=${name}]`).addEventListener("click", work);
  const switches = row.querySelector("[data-act=switch]");
  switches.textContent = isOn ? switches.dataset.off : switches.dataset.on;
  on("change", () => edit(hook));
  on("roll", () => roll(hook.url, async (data, key) => {
    tell({ url: hook.url, ...(await ask("POST", `/webhooks/${hook.id}/roll`, { overlap_seconds: Number(data.get("overlap")) }, { key })) });
  }));
  on("switch", () => act(switches, async () => {
    const { url, types, description } = hook;
    await ask("PUT", `/webhooks/${hook.id}`, {
      url, status: isOn ? "disabled" : "enabled", ...(types?.length ? { types } : {}), ...(description ? { description } : {}),
    });
    await load();
  }));
  on("delete", () => remove(hook.url, async () => {
    await ask("DELETE", `/webhooks/${hook.id}`);
    notice(t("webhooks.js.deleted"));
    await load();
  }));
  return row;
}

async function load() {
  const found = await ask("GET", "/webhooks");
  list.replaceChildren(...found.items.map(drawn));
  shown(list, $("empty"));
  const choice = $("log-endpoint");
  const chosen = choice.value;
  choice.replaceChildren(choice.options[0], ...found.items.map((hook) => new Option(hook.url, hook.id)));
  choice.value = chosen;
}

sends($("new"), async (data, key) => {
  tell(await ask("POST", "/webhooks", sent(data), { key }));
  $("new").reset();
  await load();
});
act(null, load);

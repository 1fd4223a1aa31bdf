// The log of what webhooks were told: each call with its attempts and its body, and its replay.
import { $, act, ask, filled, notice, open, pages, shown, when } from "./desk.js";
import { has, t } from "./texts.js";

const list = $("calls");
const LOOKS = { pending: "pill-warn", failed: "pill-bad", skipped: "pill-quiet" };

function spoken(attempt) {
  const said = { at: when(attempt.at), ms: attempt.milliseconds };
  return attempt.status_code === null
    ? t("webhooks.js.fault", { ...said, error: has(`webhooks.js.error.${attempt.error}`) ? t(`webhooks.js.error.${attempt.error}`) : attempt.error || "" })
    : t("webhooks.js.answer", { ...said, code: String(attempt.status_code) });
}

function pretty(body) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text || "";
  }
}

async function details(id) {
  const found = await ask("GET", `/webhook-deliveries/${id}`);
  $("detail-type").textContent = `${found.type} · ${found.event}`;
  $("detail-attempts").replaceChildren(...found.attempts.map((attempt) => {
    const line = document.createElement("li");
    line.textContent = spoken(attempt);
    const answer = attempt.answer || attempt.excerpt;
    if (answer) {
      const hint = document.createElement("span");
      hint.className = "hint mono";
      hint.textContent = answer;
      line.append(hint);
    }
    return line;
  }));
  $("detail-none").hidden = found.attempts.length > 0;
  $("detail-body").textContent = pretty(found.body);
  open($("detail"));
}

function drawn(call) {
  const endpoint = Array.from($("log-endpoint").options).find((one) => one.value === call.webhook);
  const row = filled($("call"), {
    at: when(call.created_at),
    type: call.type,
    url: endpoint ? endpoint.text : null,
    state: t(`webhooks.js.${call.status}`),
    tries: [t("webhooks.js.tries", { n: call.attempts.length }), call.next_at && t("webhooks.js.next", { at: when(call.next_at) })].filter(Boolean).join(" · "),
  });
  if (LOOKS[call.status]) row.querySelector(".pill").classList.add(LOOKS[call.status]);
  const [see, replay] = row.querySelectorAll("[data-act]");
  see.addEventListener("click", () => act(see, () => details(call.id)));
  replay.addEventListener("click", () => act(replay, async () => {
    const again = await ask("POST", `/webhook-deliveries/${call.id}/replay`);
    notice(t("webhooks.js.replayed"));
    row.replaceWith(drawn(again.attempts ? again : { ...call, ...again }));
  }));
  return row;
}

const load = pages($("more"), () => {
  const query = new URLSearchParams({ limit: "20" });
  for (const [name, value] of new FormData($("filters"))) if (value) query.set(name, value);
  return `/webhook-deliveries?${query}`;
}, (items, isFirst) => {
  if (isFirst) list.replaceChildren();
  list.append(...items.map(drawn));
  shown(list, $("calls-empty"));
});
$("filters").addEventListener("submit", (event) => {
  event.preventDefault();
  load();
});
$("filters").addEventListener("change", load);
load();

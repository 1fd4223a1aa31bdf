// Tills: paired by a code shown large and as a picture, revoked alone.
import { $, ask, confirms, filled, notice, open, pages, sends, shown, when } from "./desk.js";
import { t } from "./texts.js";

const list = $("list");
const revoke = confirms($("revoke"));
const places = new Map(Array.from($("new").elements.location_id.options || [], (one) => [one.value, one.text]));

function drawn(till) {
  const row = filled($("row"), {
    name: till.name,
    place: places.get(till.location_id) || till.location_id,
    state: t(till.paired_at ? "tills.js.paired" : "tills.js.waits"),
    used: till.last_used_at ? when(till.last_used_at) : t("tills.js.never"),
  });
  row.querySelector(".pill").classList.toggle("pill-warn", !till.paired_at);
  row.querySelector("[data-act=revoke]").addEventListener("click", () => revoke(till.name, async () => {
    await ask("DELETE", `/tills/${till.id}`);
    notice(t("tills.js.revoked"));
    await load();
  }));
  return row;
}

const load = pages($("more"), () => "/tills?limit=50", (items, isFirst) => {
  if (isFirst) list.replaceChildren();
  list.append(...items.map(drawn));
  shown(list, $("empty"));
});

sends($("new"), async (data, key) => {
  const made = await ask("POST", "/tills", { name: data.get("name").trim(), location_id: data.get("location_id") }, { key });
  $("made-name").textContent = made.name;
  $("made-code").textContent = made.code;
  $("made-copy").dataset.copy = made.code;
  $("made-qr").src = `data:image/svg+xml,${encodeURIComponent(made.barcode_svg)}`;
  open($("made"));
  $("new").reset();
  await load();
});
$("made").addEventListener("close", load); // it may have been paired meanwhile
load();

// Points that members say are missing: given or declined, once, with a reason that they read.
import { $, ask, confirms, day, digitsOf, filled, notice, pages, programPath, shown, signed } from "./desk.js";
import { language, t } from "./texts.js";

const list = $("list");
const adjust = $("adjust") && confirms($("adjust"));
const decline = $("decline") && confirms($("decline"));
const LOOKS = { open: "pill-warn", declined: "pill-quiet" };
const money = (minor, currency) =>
  new Intl.NumberFormat(language, { style: "currency", currency }).format(minor / 10 ** digitsOf(currency));

async function answered(item, how, body) {
  try {
    await ask("POST", `${programPath}/missing-points/${item.id}/${how}`, body);
    notice(t("missing-points.js.done"));
  } catch (problem) {
    if (problem.code !== "already-decided") throw problem;
    notice(t("missing-points.js.already"), { isBad: true });
  }
  await load();
}

function given(data) {
  const reason = data.get("reason").trim();
  if (!$("adjust").dataset.hosted) return { reason };
  const unit = $("adjust").querySelector("select");
  const { currency } = unit.selectedOptions[0].dataset;
  return { reason, unit: unit.value, units: Math.round(Number(data.get("units")) * 10 ** (currency ? digitsOf(currency) : 0)) };
}

function drawn(item) {
  const about = [
    item.purchased_on && t("missing-points.js.bought", { day: day(item.purchased_on) }),
    item.amount_minor !== null && money(item.amount_minor, item.currency),
    t("missing-points.js.asked", { day: day(item.created_at) }),
  ];
  const units = item.units === null ? "" : `${signed.format(item.units)} ${item.unit} · `;
  const row = filled($("row"), {
    receipt: t("missing-points.js.receipt", { receipt: item.receipt }),
    state: t(`missing-points.js.state.${item.status}`),
    who: item.display_name || item.card_number,
    about: ` · ${about.filter(Boolean).join(" · ")}`,
    note: item.note || null,
    others: item.status === "open" && item.others ? t("missing-points.js.others", { n: item.others }) : null,
    answer: item.reason ? units + item.reason : null,
  });
  if (LOOKS[item.status]) row.querySelector(".pill").classList.add(LOOKS[item.status]);
  row.querySelector("[data-act=card]").href = list.dataset.members + item.card_id;
  const acts = row.querySelector(".acts");
  if (acts && item.status !== "open") acts.remove();
  else if (acts) {
    const subject = t("missing-points.js.receipt", { receipt: item.receipt });
    acts.querySelector("[data-act=adjust]").addEventListener("click", () => adjust(subject, (data) => answered(item, "adjust", given(data))));
    acts.querySelector("[data-act=decline]").addEventListener("click", () =>
      decline(subject, (data) => answered(item, "decline", { reason: data.get("reason").trim() })));
  }
  return row;
}

const load = pages($("more"), () => {
  const { value } = $("filters").elements.status;
  return `${programPath}/missing-points?limit=30${value ? `&status=${value}` : ""}`;
}, (items, isFirst) => {
  if (isFirst) list.replaceChildren();
  list.append(...items.map(drawn));
  shown(list, $("empty"));
});
$("filters").addEventListener("change", load);
load();

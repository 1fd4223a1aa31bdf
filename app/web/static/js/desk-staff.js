// Staff: let in by address, given a role, removed at once.
import { $, act, ask, confirms, day, filled, notice, pages, sends, shown } from "./desk.js";
import { t } from "./texts.js";

const list = $("list");
const remove = confirms($("remove"));
const spoken = { "last-owner": t("staff.js.last-owner") };

/** Says what the list of owners refuses in its own words. */
const judged = async (work) => {
  try {
    await work();
  } catch (problem) {
    if (!spoken[problem.code]) throw problem;
    notice(spoken[problem.code], { isBad: true, seconds: 8 });
  }
};

function drawn(person) {
  const isSelf = person.id === list.dataset.self;
  const row = filled($("row"), { email: person.email || "…", since: day(person.added_at), you: isSelf ? undefined : null });
  const role = row.querySelector("[data-act=role]");
  role.value = person.role;
  role.setAttribute("aria-label", t("staff.js.role_of", { email: person.email || "…" }));
  role.addEventListener("change", () => act(role, async () => {
    await judged(async () => {
      await ask("POST", "/staff", { email: person.email, role: role.value });
      notice(t("staff.js.changed"));
      if (isSelf) location.reload();
    });
    await load();
  }));
  row.querySelector("[data-act=remove]").addEventListener("click", () => remove(person.email || "", () => judged(async () => {
    await ask("DELETE", `/staff/${person.id}`);
    notice(t("staff.js.removed"));
    if (isSelf) location.href = "/";
    else await load();
  })));
  return row;
}

const load = pages($("more"), () => "/staff?limit=100", (items, isFirst) => {
  if (isFirst) list.replaceChildren();
  list.append(...items.map(drawn));
  shown(list, $("empty"));
});

sends($("new"), async (data, key) => {
  await ask("POST", "/staff", { email: data.get("email").trim(), role: data.get("role") }, { key });
  notice(t("staff.js.added"));
  $("new").reset();
  await load();
}, spoken);
load();

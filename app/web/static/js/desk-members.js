// Members from a CSV file: what it would bring is shown first, then it is done.
import { $, act, ask, filled, notice, programPath, sends } from "./desk.js";
import { t } from "./texts.js";

const SHOWN_MAX = 100;
const form = $("import");

const send = (isDry) => ask("POST", `${programPath}/members/imports?dry_run=${isDry}`,
  new Blob([form.elements.file.files[0]], { type: "text/csv" }));

function listed(body, box, items) {
  body.replaceChildren(...items.slice(0, SHOWN_MAX).map((it) =>
    filled($("fault"), { row: String(it.row), column: it.column || "", detail: it.detail })));
  box.hidden = items.length === 0;
}

function tell(found) {
  $("report").hidden = false;
  $("report-title").textContent = t(found.dry_run ? "members.js.would" : "members.js.brought");
  $("report-counts").replaceChildren(...["added", "known", "opened", "failed"].map((name) => {
    const line = document.createElement("li");
    line.textContent = t(`members.js.${name}`, { n: Array.isArray(found[name]) ? found[name].length : found[name] });
    return line;
  }));
  listed($("faults"), $("report-faults"), found.failed);
  listed($("warnings"), $("report-warnings"), found.warnings);
  $("import-go").hidden = !found.dry_run || found.added + found.opened + found.known === 0;
  $("report").focus();
}

sends(form, async () => tell(await send(true)));
form.elements.file.addEventListener("change", () => { $("report").hidden = true; });
$("import-go").addEventListener("click", () => act($("import-go"), async () => {
  tell(await send(false));
  notice(t("members.js.imported"));
}));

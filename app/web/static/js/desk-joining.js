// What a program asks whoever joins, and its end: both are of the program that is in force.
import { $, act, ask, confirms, explain, notice, programPath, sends } from "./desk.js";
import { sendable } from "./draft.js";
import { language, t } from "./texts.js";

/** The texts of a part by language, those that stand there; null where none does. */
function spoken(part) {
  const texts = [...part.querySelectorAll("[data-language]")].map((one) => [one.dataset.language, one.value.trim()]);
  const told = texts.filter(([, text]) => text);
  return told.length ? Object.fromEntries(told) : null;
}

function asked() {
  const form = $("asked");
  const fields = [...form.querySelectorAll("[data-field]")]
    .filter((one) => one.value !== "no")
    .map((one) => ({ key: one.dataset.field, required: one.value === "must" }));
  const consents = [...form.querySelectorAll("[data-consent]")]
    .map((part) => ({ key: part.dataset.consent, text: spoken(part), required: part.querySelector("[data-required]")?.checked || false }))
    .filter((consent) => consent.text);
  return { fields, consents };
}

sends($("asked"), async () => {
  const program = sendable(await ask("GET", programPath));
  program.settings = { ...program.settings, enrolment: asked() };
  await ask("PUT", programPath, program);
  notice(t("joining.js.saved"));
});

const sure = confirms($("sure"));
$("end")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  if (!form.reportValidity()) return;
  const body = { last_day: form.elements.last_day.value, notice: spoken(form.querySelector("[data-notice]")) || "" };
  const day = new Intl.DateTimeFormat(language, { dateStyle: "long", timeZone: "UTC" }).format(new Date(`${body.last_day}T00:00:00Z`));
  sure(day, async () => {
    try {
      await ask("POST", `${programPath}/ending`, body);
    } catch (problem) {
      if (!problem.errors) throw problem;
      $("sure").close();
      explain(form, problem);
      return;
    }
    location.reload();
  });
});

$("cancel")?.addEventListener("click", (event) => act(event.currentTarget, async () => {
  await ask("DELETE", `${programPath}/ending`);
  location.reload();
}));

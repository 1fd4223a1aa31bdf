// Lists of a design that may grow: units, tiers, links, places. Each row is a <template>.
import { setAt, valueAt } from "./fields.js";

const NEW = {
  units: (number) => ({ id: `unit${number}`, name: "", currency: null }),
  tiers: (number) => ({ id: `tier${number}`, name: "" }),
  links: () => ({ label: "", url: "https://" }),
  locations: (number) => ({ id: `shop${number}`, name: "", latitude: 48.8566, longitude: 2.3522 }),
};

function freeNumber(items) {
  let number = items.length + 1;
  while (items.some((one) => /\d+$/.exec(one.id || "")?.[0] === String(number))) number += 1;
  return number;
}

/** Draws a list's rows anew: paths and ids carry each row's place. */
export function drawList(list, document_) {
  const name = list.dataset.list;
  const items = valueAt(document_, name) || [];
  const rows = items.map((_, place) => {
    const row = document.getElementById(`row-${name}`).content.firstElementChild.cloneNode(true);
    for (const one of row.querySelectorAll("*")) {
      for (const attribute of [...one.attributes]) {
        if (attribute.value.includes("#")) one.setAttribute(attribute.name, attribute.value.replaceAll("#", String(place)));
      }
      if (one.dataset.place !== undefined) one.textContent = String(place + 1);
    }
    return row;
  });
  list.querySelector("[data-rows]").replaceChildren(...rows);
  const most = Number(list.dataset.most);
  const adds = list.querySelector("[data-add]");
  if (adds) adds.disabled = items.length >= most;
}

/** Adds, takes away or moves a row as a button says; answers whether something changed. */
export function changeList(button, document_) {
  const list = button.closest("[data-list]");
  const name = list.dataset.list;
  const items = [...(valueAt(document_, name) || [])];
  const place = Number(button.dataset.remove ?? button.dataset.up ?? -1);
  if (button.dataset.add !== undefined) items.push(NEW[name](freeNumber(items)));
  else if (button.dataset.remove !== undefined) items.splice(place, 1);
  else if (place > 0) items.splice(place - 1, 0, ...items.splice(place, 1));
  setAt(document_, name, items);
  drawList(list, document_);
  return list;
}

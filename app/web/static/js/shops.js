// A field that finds shops of the directory while one types (ARIA's combobox pattern).
import { get } from "./api.js";
import { t } from "./texts.js";

const WAIT_MILLISECONDS = 150;
const SHOWN = 8;

/** A name without the suffix that tells countries apart: Monoprix (France). */
const bare = (name) => name.replace(/\s*\([^()]*\)$/, "") || name;

const folded = (name) => bare(name).normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();

/** A category as the list writes it, `shop/book_store`, for people. */
const spoken = (category) => category.split("/").pop().replace(/_/g, " ");

/** Makes the field search. Hears a choice, free text, and a shop whose name was typed in full. */
export function findShops(input, list, said, { chosen, typed, named }) {
  let shops = [], active = -1, timer, asked;

  function close() {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function mark(index) {
    active = index;
    list.querySelectorAll("[role=option]").forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
    const option = list.children[index];
    if (!option) return;
    input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  function choose(index) {
    const shop = shops[index];
    if (!shop) return;
    input.value = shop.is_live ? shop.name : bare(shop.name);
    close();
    chosen(shop);
  }

  function option(shop, index) {
    const item = document.createElement("li");
    item.id = `shop-${index}`;
    item.className = "option";
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    const dot = document.createElement("span");
    dot.className = "option-dot";
    dot.style.background = shop.color;
    const text = document.createElement("span");
    text.className = "option-text";
    const name = document.createElement("span");
    name.className = "strong";
    name.textContent = shop.name;
    text.append(name);
    // Only where a name alone does not say which shop it is.
    if (shop.category && shops.filter((one) => one.name === shop.name).length > 1) {
      const hint = document.createElement("span");
      hint.className = "hint";
      hint.textContent = spoken(shop.category);
      text.append(hint);
    }
    item.append(dot, text);
    if (shop.is_live) {
      const pill = document.createElement("span");
      pill.className = "pill";
      pill.textContent = t("add.js.live");
      item.append(pill);
    }
    // Before the field loses the focus, which closes the list.
    item.addEventListener("pointerdown", (event) => event.preventDefault());
    item.addEventListener("click", () => choose(index));
    return item;
  }

  async function search() {
    const text = input.value.trim();
    asked?.abort();
    if (!text) {
      close();
      return;
    }
    asked = new AbortController();
    try {
      const found = await get(`/v1/directory?q=${encodeURIComponent(text)}&limit=${SHOWN}`, { signal: asked.signal });
      shops = found.items.slice(0, SHOWN);
    } catch {
      return; // free text is always allowed: without the directory one types on
    }
    list.replaceChildren(...shops.map(option));
    const full = shops.find((one) => folded(one.name) === folded(text));
    if (full) named(full);
    said.textContent = t("add.js.found", { n: shops.length });
    const isOpen = shops.length > 0 && document.activeElement === input;
    list.hidden = !isOpen;
    active = -1;
    input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-expanded", String(isOpen));
  }

  input.addEventListener("input", () => {
    typed(input.value);
    clearTimeout(timer);
    timer = setTimeout(search, WAIT_MILLISECONDS);
  });
  input.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      mark((active + step + shops.length) % shops.length);
    } else if (event.key === "Enter" && active >= 0) {
      event.preventDefault();
      choose(active);
    } else if (event.key === "Escape") close();
  });
  input.addEventListener("blur", close);
}

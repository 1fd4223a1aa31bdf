// Hears of cards that change and draws them anew from the page as the server writes it now.

const PAUSE_LEAST = 2000, PAUSE_MOST = 60_000; // milliseconds before a refused stream is asked for again

/** Calls `work` when one of the user's cards changed; many changes at once are one call. */
export function follow(work) {
  if (!document.body.dataset.owner || !("EventSource" in window)) return;
  let waits = 0;
  const soon = () => {
    clearTimeout(waits);
    waits = setTimeout(work, 120);
  };
  let source, again = 0, pause = PAUSE_LEAST, wasOpen = false;
  const listen = () => {
    source = new EventSource("/v1/me/events");
    source.addEventListener("card", soon);
    source.addEventListener("gone", soon);
    source.addEventListener("ready", (event) => {
      // What happened since this page was drawn, or while the stream was away, was not heard.
      if (wasOpen || JSON.parse(event.data).state !== document.body.dataset.state) soon();
      wasOpen = true;
      pause = PAUSE_LEAST;
    });
    source.addEventListener("error", () => {
      // A browser asks again by itself after a cut, but never after an answer that is no stream.
      if (source.readyState !== EventSource.CLOSED) return;
      again = setTimeout(listen, pause);
      pause = Math.min(2 * pause, PAUSE_MOST);
    });
  };
  listen();
  addEventListener("pagehide", () => {
    clearTimeout(again);
    source.close();
  });
  addEventListener("edits-sent", soon);
  navigator.serviceWorker?.addEventListener("message", (event) => event.data?.fresh === location.pathname && soon());
  addEventListener("pageshow", (event) => event.persisted && location.reload());
}

/** Fetches this page again; null without network, or when it is no longer there. */
export async function pageNow() {
  try {
    const answer = await fetch(location.pathname, { headers: { Accept: "text/html" }, credentials: "same-origin" });
    if (!answer.ok) return null;
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    return null;
  }
}

/** Puts a new part in an old one's place and gives the focus back to where it was. */
export function replace(old, fresh) {
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const key = focused && ["data-act", "href", "data-redeem"].map((name) => focused.hasAttribute(name) && `[${name}="${CSS.escape(focused.getAttribute(name))}"]`).find(Boolean);
  const taken = document.importNode(fresh, true);
  old.replaceWith(taken);
  if (focused) ((key && taken.querySelector(key)) || taken.querySelector("a, button") || taken).focus?.({ preventScroll: true });
  moments(taken);
  return taken;
}

/** Writes moments as this device's clock shows them. */
export function moments(within = document) {
  const written = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
  for (const time of within.querySelectorAll("time[data-moment]")) {
    const at = new Date(time.getAttribute("datetime"));
    if (!Number.isNaN(at.getTime())) time.textContent = written.format(at);
  }
}

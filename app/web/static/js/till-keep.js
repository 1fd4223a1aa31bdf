// Has the till's own service worker keep this page and its files, so that it opens without network.
const LOOK = 100; // milliseconds between two looks whether the worker has started

async function keep() {
  const registration = await navigator.serviceWorker.register("/till-sw.js", { scope: "/till" });
  while (!registration.active) await new Promise((resolve) => { setTimeout(resolve, LOOK); });
  const { version } = document.body.dataset;
  const urls = performance.getEntriesByType("resource").map((one) => new URL(one.name));
  const files = urls.filter((url) => url.origin === location.origin && url.pathname.startsWith("/static/"));
  registration.active.postMessage({ keep: [...new Set(files.map((url) => url.pathname))], version });
}

// Without a service worker the till works while there is network.
if ("serviceWorker" in navigator) addEventListener("load", () => keep().catch(() => {}));

// Keeps the till's page and its files, so that it opens without network. Nothing of any customer.
const CACHE = "till";
const SLOW = 2500; // milliseconds, after which the page that is kept is shown
const LOOSE = { ignoreVary: true, ignoreSearch: true };

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const request = event.request;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (url.pathname.startsWith("/static/")) event.respondWith(file(request));
  else if (request.mode === "navigate" && url.pathname === "/till") event.respondWith(page(request));
});

async function file(request) {
  return (await caches.match(request, LOOSE)) || fetch(request);
}

async function page(request) {
  const kept = await (await caches.open(CACHE)).match("/till", LOOSE);
  const fresh = fetch(request);
  if (!kept) return fresh;
  const slow = new Promise((resolve) => { setTimeout(resolve, SLOW, kept); });
  return Promise.race([fresh.catch(() => kept), slow]);
}

self.addEventListener("message", (event) => {
  if (event.data?.keep) event.waitUntil(keep(event.data.keep, event.data.version));
});

/** Keeps a page that has just been drawn with all its files; former ones go once these are there. */
async function keep(files, version) {
  const cache = await caches.open(CACHE);
  const drawn = await fetch("/till", { credentials: "same-origin" });
  if (!drawn.ok || !(await drawn.clone().text()).includes(`/static/${version}/`)) return; // a newer one: next time
  await Promise.all(files.map(async (url) => {
    if (!(await cache.match(url))) await cache.add(url);
  }));
  await cache.put("/till", drawn);
  for (const request of await cache.keys()) {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/static/") && !files.includes(pathname)) await cache.delete(request);
  }
}

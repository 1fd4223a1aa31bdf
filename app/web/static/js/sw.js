// Keeps the wallet without network: its pages as they last were, its codes, its files.
// Caches: "static" (files under their hash), "wallet" (what is one user's). What is kept, and of
// which revision, stands in a small JSON beside them.
const STATIC = "static";
const WALLET = "wallet";
const LIST = "/.kept";
const SLOW = 3500; // milliseconds, after which a page that is kept is shown first
const isPage = (path) => path === "/" || /^\/cards\/card_\w+$/.test(path);
const isCode = (path) => /^\/v1\/cards\/card_\w+\/barcode\.svg$/.test(path);
const isPicture = (path) => /^\/v1\/cards\/card_\w+\/pictures\/\w+$/.test(path);
const LOOSE = { ignoreVary: true };

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

async function list() {
  const found = await (await caches.open(WALLET)).match(LIST);
  return found ? found.json() : { owner: "", pages: {} };
}

async function setList(kept) {
  await (await caches.open(WALLET)).put(LIST, new Response(JSON.stringify(kept)));
}

/** Another user, or none: nothing of the former one stays. */
async function ownedBy(owner) {
  const kept = await list();
  if (kept.owner === owner) return kept;
  await caches.delete(WALLET);
  const fresh = { owner, pages: {} };
  await setList(fresh);
  return fresh;
}

self.addEventListener("fetch", (event) => {
  const request = event.request;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (url.pathname.startsWith("/static/")) event.respondWith(kept(event, STATIC));
  else if (isCode(url.pathname) && url.search) event.respondWith(kept(event, WALLET));
  else if (url.pathname.startsWith("/images/")) event.respondWith(kept(event, WALLET, { adds: false }));
  else if (isPicture(url.pathname) && request.mode !== "navigate") event.respondWith(fresh(event));
  else if (request.mode === "navigate") event.respondWith(page(event, url));
});

/** Its address says what it holds: once kept it is right for ever. */
async function kept(event, name, { adds = true } = {}) {
  const cache = await caches.open(name);
  const found = await cache.match(event.request, LOOSE);
  if (found) return found;
  const answer = await fetch(event.request);
  if (adds && answer.ok) event.waitUntil(cache.put(event.request, answer.clone()));
  return answer;
}

/** A holder's own picture: as it is now, else as it last was. */
async function fresh(event) {
  const cache = await caches.open(WALLET);
  try {
    return await fetch(event.request);
  } catch {
    return (await cache.match(event.request, LOOSE)) || Response.error();
  }
}

async function page(event, url) {
  const cache = await caches.open(WALLET);
  const key = url.pathname;
  const former = isPage(key) ? await cache.match(key, LOOSE) : undefined;
  const fresh = fetch(event.request).then(async (answer) => {
    if (answer.headers.has("Page-Owner")) {
      await ownedBy(answer.headers.get("Page-Owner"));
      if (isPage(key) && answer.ok && !answer.redirected) await (await caches.open(WALLET)).put(key, answer.clone());
    }
    return answer;
  });
  event.waitUntil(fresh.catch(() => {}));
  if (!former) return fresh.catch(() => nothing(cache));
  const slow = new Promise((resolve) => { setTimeout(resolve, SLOW, null); });
  // A server in trouble says so in words; whoever stands at a till needs the card.
  const good = fresh.then((answer) => (answer.status >= 500 ? former : answer), () => former);
  const first = await Promise.race([good, slow]);
  if (first) return first;
  event.waitUntil(fresh.then(() => tell({ fresh: key }), () => {}));
  return former;
}

async function nothing(cache) {
  return (await cache.match("/offline", LOOSE)) || (await cache.match("/", LOOSE)) || Response.error();
}

async function tell(message) {
  for (const client of await self.clients.matchAll()) client.postMessage(message);
}

self.addEventListener("message", (event) => {
  const told = event.data || {};
  if (told.forget) event.waitUntil(caches.delete(WALLET));
  if (told.keep) event.waitUntil(keep(told));
});

/** Fetches what a page names and is not kept yet, and lets go of what it no longer names. */
async function keep({ keep: wanted, owner, version }) {
  const before = await ownedBy(owner);
  const pages = {};
  const statics = await caches.open(STATIC);
  let isWhole = true;
  for (const [url, revision] of wanted) {
    const isFile = url.startsWith("/static/");
    const cache = isFile ? statics : await caches.open(WALLET);
    try {
      if ((isFile || before.pages[url] === revision) && (await cache.match(url, LOOSE))) {
        pages[url] = revision;
        continue;
      }
      const answer = await fetch(url, { credentials: "same-origin" });
      const of = answer.headers.get("Page-Owner");
      if (answer.ok && (of === null || of === owner)) {
        await cache.put(url, answer);
        pages[url] = revision;
      } else isWhole = false;
    } catch {
      isWhole = false;
      if (before.pages[url]) pages[url] = before.pages[url];
    }
  }
  if ((await list()).owner !== owner) return;
  await setList({ owner, pages });
  if (!isWhole) return;
  const wallet = await caches.open(WALLET);
  for (const request of await wallet.keys()) {
    const { pathname, search } = new URL(request.url);
    if (pathname !== LIST && !(pathname + search in pages)) await wallet.delete(request, LOOSE);
  }
  for (const request of await statics.keys()) {
    if (!new URL(request.url).pathname.startsWith(`/static/${version}/`)) await statics.delete(request, LOOSE);
  }
}

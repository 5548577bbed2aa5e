"use strict";

const POLL_MS = 500;
const PATIENCE_MS = 5000;

const WORDS = {
  en: {
    locale: "en",
    other: "中文",
    lead: "What the shop has on its shelves at this moment.",
    live: "Live",
    lost: (time) => `No connection. The numbers are from ${time}.`,
    never: "No connection yet. Trying again.",
    empty: (address) =>
      `No products yet. They appear when the shop's webhook sink sends to ${address}.`,
    available: (n) => `${n} in the shop now`,
    soldOut: "Sold out",
    uncounted: "Not counted yet",
    noPrice: "No price yet",
    check: "The shop is checking this number",
  },
  zh: {
    locale: "zh-CN",
    other: "English",
    lead: "门店货架上此刻的商品。",
    live: "实时",
    lost: (time) => `连接已断开，以下为 ${time} 的数据。`,
    never: "尚未连接，正在重试。",
    empty: (address) => `暂无商品。门店的 webhook 向 ${address} 发送数据后即会显示。`,
    available: (n) => `门店现货 ${n} 件`,
    soldOut: "已售罄",
    uncounted: "尚未盘点",
    noPrice: "暂无价格",
    check: "门店正在核对库存",
  },
};

const page = (id) => document.getElementById(id);
const cards = new Map();
let products = null;
let updated = null;
let connected = true;
let language = rememberedLanguage();

function rememberedLanguage() {
  const kept = localStorage.getItem("language");
  if (kept in WORDS) return kept;
  return navigator.language.startsWith("zh") ? "zh" : "en";
}

function nameOf(product) {
  const names = product.names;
  const tag = Object.keys(names).find((key) => key.split(/[-_]/)[0] === language);
  return tag ? names[tag] : product.name;
}

function money(amount, currency) {
  const shape = { style: "currency", currency, currencyDisplay: "narrowSymbol" };
  const format = new Intl.NumberFormat(WORDS[language].locale, shape);
  return format.format(amount / 10 ** format.resolvedOptions().maximumFractionDigits);
}

function stockOf({ available }) {
  const words = WORDS[language];
  if (available === null) return ["uncounted", words.uncounted];
  if (available === 0) return ["sold-out", words.soldOut];
  return ["available", words.available(available.toLocaleString(words.locale))];
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function cardOf(product) {
  const key = `${product.source} ${product.gtin}`;
  if (!cards.has(key)) {
    const card = page("card").content.firstElementChild.cloneNode(true);
    card.dataset.gtin = product.gtin;
    cards.set(key, { card, available: product.available });
  }
  return cards.get(key);
}

function fill(card, product) {
  const words = WORDS[language];
  const part = (name) => card.querySelector(name);
  const [state, sentence] = stockOf(product);
  write(part("h2"), nameOf(product));
  write(part(".detail"), [product.brand, product.pack].filter(Boolean).join(" · "));
  const priced = product.amount !== null;
  write(part(".price"), priced ? money(product.amount, product.currency) : words.noPrice);
  part(".price").classList.toggle("unknown", !priced);
  write(part(".promotion"), product.promotion ?? "");
  write(part(".words"), sentence);
  write(part(".check"), product.stale ? words.check : "");
  for (const name of ["uncounted", "sold-out", "available"])
    part(".stock").classList.toggle(name, name === state);
}

function markChange(shown, product) {
  if (shown.available === product.available) return;
  shown.available = product.available;
  const stock = shown.card.querySelector(".stock");
  stock.classList.remove("fresh");
  // Reading a size makes the browser notice the removal, so that the animation starts anew.
  void stock.offsetWidth;
  stock.classList.add("fresh");
}

function showProducts() {
  const list = page("products");
  products.forEach((product, place) => {
    const shown = cardOf(product);
    fill(shown.card, product);
    markChange(shown, product);
    if (list.children[place] !== shown.card)
      list.insertBefore(shown.card, list.children[place] ?? null);
  });
  while (list.children.length > products.length) list.lastElementChild.remove();
  page("empty").hidden = products.length > 0;
}

function showLink() {
  const words = WORDS[language];
  page("link").classList.toggle("lost", !connected);
  const time = updated?.toLocaleTimeString(words.locale);
  write(page("link"), connected ? words.live : time ? words.lost(time) : words.never);
}

function show() {
  const words = WORDS[language];
  document.documentElement.lang = words.locale;
  write(page("language"), words.other);
  page("language").lang = language === "en" ? "zh-CN" : "en";
  write(page("lead"), words.lead);
  write(page("empty"), words.empty(`${location.origin}/webhook`));
  if (products !== null) showProducts();
  showLink();
}

async function poll() {
  try {
    const answer = await fetch("/products", {
      cache: "no-cache",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (!answer.ok) throw new Error(`expected 200 from /products, came ${answer.status}`);
    products = (await answer.json()).products;
    updated = new Date();
    connected = true;
  } catch {
    connected = false;
  }
  show();
}

async function keepPolling() {
  if (!document.hidden) await poll();
  setTimeout(keepPolling, POLL_MS);
}

page("language").addEventListener("click", () => {
  language = language === "en" ? "zh" : "en";
  localStorage.setItem("language", language);
  show();
});

keepPolling();

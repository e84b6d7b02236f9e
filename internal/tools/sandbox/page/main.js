import { users } from "./account.js";
import { copy, field, write } from "./dom.js";
import { showMarket } from "./market.js";
import { Panel } from "./panel.js";
import { Quotes, markets } from "./quotes.js";
import { session } from "./storage.js";

const key = "sandbox.users"; // only the names of the users logged in
const retryAfter = 2_000; // ms until the next request to the sandbox

const login = document.getElementById("login");
const both = document.getElementById("both");
const cards = new Map(); // by user
const panels = new Map(); // by user, in the order of the cards

start();

async function start() {
  let all, traded;
  try {
    [all, traded] = await Promise.all([users(), markets()]);
  } catch (error) {
    showError(error);
    setTimeout(start, retryAfter);
    return;
  }
  showError();
  const quotes = new Quotes(traded);
  showMarket(quotes, {
    onShow: (market) => panels.forEach(({ form }) => form.market(market)),
    onError: showError,
  });
  offer(all, quotes);
}

function showError(error) {
  const notice = document.getElementById("error");
  write(notice, error?.message ?? "");
  notice.hidden = !error;
}

function offer(all, quotes) {
  const list = document.getElementById("users");
  const enter = (user) => open(user, { side: all.indexOf(user) % 2 ? "sell" : "buy", quotes });
  for (const user of all) {
    const card = copy("user");
    card.querySelector(".face").textContent = user.name[0];
    field(card, "name").textContent = user.name;
    field(card, "email").textContent = user.email;
    const button = card.querySelector("button");
    button.textContent = `Log in as ${user.name}`;
    button.dataset.test = `login-${user.name.toLowerCase()}`;
    button.addEventListener("click", () => enter(user).focus());
    cards.set(user, card);
    list.append(card);
  }
  both.addEventListener("click", () => all.map(enter)[0].focus());
  const before = JSON.parse(session.get(key) ?? "[]");
  for (const user of all) if (before.includes(user.name)) enter(user);
  arrange();
}

function open(user, { side, quotes }) {
  const panel = new Panel({
    user,
    side,
    quotes,
    onLogout() {
      panels.delete(user);
      arrange();
      cards.get(user).querySelector("button").focus();
    },
  });
  panels.set(user, panel);
  arrange();
  return panel;
}

// Shows cards of users not logged in, and panels of the others.
function arrange() {
  const order = [...cards.keys()].filter((user) => panels.has(user));
  for (const [user, card] of cards) card.hidden = panels.has(user);
  login.hidden = order.length === cards.size;
  login.classList.toggle("compact", order.length > 0);
  both.hidden = order.length > 0;
  const place = document.getElementById("panels");
  for (const [i, user] of order.entries()) {
    const { element } = panels.get(user);
    if (place.children[i] !== element) place.insertBefore(element, place.children[i] ?? null);
  }
  place.dataset.count = order.length;
  session.set(key, JSON.stringify(order.map(({ name }) => name)));
}

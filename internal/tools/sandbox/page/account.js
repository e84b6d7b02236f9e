import { call } from "./api.js";

/** The users that can log in: [{ name, email, password, uid, totp_code }]. */
export async function users() {
  const answer = await call("GET", "/sandbox/users");
  return answer.users.map((user) => ({ name: nameOf(user.email), ...user }));
}

// "alice@example.com" becomes "Alice".
function nameOf(email) {
  return email[0].toUpperCase() + email.slice(1, email.indexOf("@"));
}

/** One user's access to the API. Passwords and tokens are kept only in memory. */
export class Account {
  #email;
  #token; // a promise of the token

  constructor(email) {
    this.#email = email;
  }

  /** Resolves with a session token, a new one if the last one is invalid. */
  token({ fresh = false } = {}) {
    if (fresh || !this.#token) {
      const token = (this.#token = this.#login());
      token.catch(() => this.#token === token && (this.#token = undefined));
    }
    return this.#token;
  }

  /** Calls the API as this user. */
  async call(method, path, body) {
    const token = await this.token();
    try {
      return await call(method, path, { token, body });
    } catch (error) {
      if (error.status !== 401) throw error;
      return call(method, path, { token: await this.token({ fresh: true }), body });
    }
  }

  // The one-time code is valid for half a minute, so it is fetched each time.
  async #login() {
    const user = (await users()).find(({ email }) => email === this.#email);
    if (!user) throw new Error(`There is no ${this.#email} any more: log out.`);
    const { email, password, totp_code } = user;
    return call("POST", "/api/v1/sessions", { body: { email, password, otp_code: totp_code, application_id: "sandbox" } });
  }
}

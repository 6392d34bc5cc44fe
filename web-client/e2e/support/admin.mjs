// What an admin does by REST: accounts, rooms, groups, rights.

import assert from "node:assert/strict";

import { expectWithin } from "./expect.mjs";

/** Signs in as an account of the stand; the result asks: `ask("GET", "/api/v1/users")`. */
export async function signedIn(stand, { username, password } = stand.accounts.admin) {
  const ask = async (method, path, body, token) => {
    const response = await fetch(stand.url + path, {
      method,
      headers: { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) },
      body: body ? JSON.stringify(body) : undefined,
    });
    const text = await response.text();
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
    return text ? JSON.parse(text) : null;
  };
  const { accessToken } = await ask("POST", "/api/v1/login", { username, password });
  return (method, path, body) => ask(method, path, body, accessToken);
}

/** Makes an account with this number; returns what a widget signs in with, and its id. */
export async function employ(ask, username, extension) {
  const password = `${username} is a good password`;
  const name = username[0].toUpperCase() + username.slice(1);
  const { id } = await ask("POST", "/api/v1/users", { username, name, extension, role: "user", password });
  return { id, username, password, extension };
}

/** Waits until the softswitch knows what was made last: a call by `caller` to each of these numbers leads somewhere. */
export async function inForce(ask, caller, numbers) {
  for (const dialled of numbers) {
    const outcome = async () => (await ask("POST", "/api/v1/explain", { caller, dialled })).outcome;
    await expectWithin(async () => !["unknown", "not-found"].includes(await outcome()), `${dialled} leads somewhere`, outcome);
  }
}

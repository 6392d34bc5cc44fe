/* global URLSearchParams */
// An OpenID provider for a test: asks its user with two buttons (OpenID Connect Core, RFC 7636, RFC 9207).

import { createHash, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { createServer } from "node:http";

/** Starts one. `person` is who signs in there, by `preferred_username`. */
export async function startProvider() {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const codes = new Map();
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const provider = { person: "alice", url: "", stop: () => server.close() };

  /** The page that asks. Its buttons lead back with a code, or with an error. */
  const authorize = (query) => {
    const code = randomUUID();
    codes.set(code, { nonce: query.get("nonce"), challenge: query.get("code_challenge"), client: query.get("client_id") });
    const back = (more) => `${query.get("redirect_uri")}?${new URLSearchParams({ state: query.get("state"), iss: provider.url, ...more })}`;
    return `<!doctype html><title>Sign in</title><a id="yes" href="${back({ code }).replaceAll("&", "&amp;")}">Sign in</a>
      <a id="no" href="${back({ error: "access_denied" }).replaceAll("&", "&amp;")}">Refuse</a>`;
  };

  const token = (form) => {
    const flow = codes.get(form.get("code"));
    codes.delete(form.get("code"));
    const verified = createHash("sha256").update(form.get("code_verifier") ?? "").digest("base64url") === flow?.challenge;
    if (!verified) return null;
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: provider.url, aud: flow.client, sub: `id of ${provider.person}`, preferred_username: provider.person, nonce: flow.nonce, iat: now, exp: now + 300 };
    const signed = `${part({ alg: "ES256", kid: "1", typ: "JWT" })}.${part(claims)}`;
    const signature = sign("sha256", Buffer.from(signed), { key: privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url");
    return { access_token: "none", token_type: "Bearer", id_token: `${signed}.${signature}` };
  };

  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, provider.url);
    const json = (value) => response.writeHead(value ? 200 : 400, { "content-type": "application/json" }).end(JSON.stringify(value));
    let body = "";
    for await (const chunk of request) body += chunk;
    if (pathname === "/authorize") response.writeHead(200, { "content-type": "text/html" }).end(authorize(searchParams));
    else if (pathname === "/token") json(token(new URLSearchParams(body)));
    else if (pathname === "/keys") json({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "1", use: "sig", alg: "ES256" }] });
    else {
      json({
        issuer: provider.url, authorization_endpoint: `${provider.url}/authorize`, token_endpoint: `${provider.url}/token`,
        jwks_uri: `${provider.url}/keys`, authorization_response_iss_parameter_supported: true,
      });
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  provider.url = `http://127.0.0.1:${server.address().port}`;
  return provider;
}

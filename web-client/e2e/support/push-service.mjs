// A push service for browsers of a test: takes messages as those of browsers do, and opens them as a browser does
// (RFC 8030, 8188, 8291, 8292).

import { createDecipheriv, createECDH, createPublicKey, hkdfSync, randomBytes, verify } from "node:crypto";
import { createServer } from "node:http";

import { expectWithin } from "./expect.mjs";

/** Starts one. */
export async function startPushService() {
  const browsers = new Map();
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const browser = browsers.get(request.url);
    if (!browser) {
      response.writeHead(410).end();
      return;
    }
    browser.messages.push({ ...JSON.parse(open(browser, Buffer.concat(chunks))), key: vapidKey(request.headers, origin) });
    response.writeHead(201).end();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  return {
    /** A browser that subscribes; `subscription` is what it gives the page. */
    subscribe(name) {
      const key = createECDH("prime256v1");
      key.generateKeys();
      const browser = { key, auth: randomBytes(16), messages: [] };
      browsers.set(`/send/${name}`, browser);
      return {
        subscription: {
          endpoint: `${origin}/send/${name}`, expirationTime: null,
          keys: { p256dh: key.getPublicKey("base64url"), auth: browser.auth.toString("base64url") },
        },
        /** The next message; each is given once. */
        async next(type) {
          const place = () => browser.messages.findIndex((message) => message.type === type);
          await expectWithin(() => place() >= 0, `a message of a call: ${type}`, () => JSON.stringify(browser.messages.map((message) => message.type)));
          return browser.messages.splice(place(), 1)[0];
        },
      };
    },
    stop: () => server.close(),
  };
}

/** Opens a message. */
function open({ key, auth }, body) {
  const [salt, size, length] = [body.subarray(0, 16), body.readUInt32BE(16), body[20]];
  const sender = body.subarray(21, 21 + length);
  const sealed = body.subarray(21 + length);
  if (sealed.length > size) throw new Error("more than one record");
  const info = Buffer.concat([Buffer.from("WebPush: info\0"), key.getPublicKey(), sender]);
  const secret = Buffer.from(hkdfSync("sha256", key.computeSecret(sender), auth, info, 32));
  const derive = (name, octets) => Buffer.from(hkdfSync("sha256", secret, salt, `Content-Encoding: ${name}\0`, octets));
  const decipher = createDecipheriv("aes-128-gcm", derive("aes128gcm", 16), derive("nonce", 12));
  decipher.setAuthTag(sealed.subarray(-16));
  const padded = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
  const end = padded.findLastIndex((octet) => octet !== 0);
  if (padded[end] !== 2) throw new Error("the last record ends with 2");
  return padded.subarray(0, end).toString();
}

/** The key a message is signed with, once its signature was found to be good and for this service. */
function vapidKey({ authorization = "" }, origin) {
  const [, token, key] = /^vapid t=([^,]+), k=(\S+)$/.exec(authorization) ?? [];
  const [head, claims, signature] = token.split(".");
  const point = Buffer.from(key, "base64url");
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((half) => half.toString("base64url"));
  const publicKey = createPublicKey({ format: "jwk", key: { kty: "EC", crv: "P-256", x, y } });
  const good = verify("sha256", Buffer.from(`${head}.${claims}`), { key: publicKey, dsaEncoding: "ieee-p1363" }, Buffer.from(signature, "base64url"));
  const { aud, exp } = JSON.parse(Buffer.from(claims, "base64url"));
  if (!good || aud !== origin || exp * 1000 < Date.now()) throw new Error("the signature is not good");
  return key;
}

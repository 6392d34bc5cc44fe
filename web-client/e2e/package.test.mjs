// What is installed: the files of the package, its names and signatures, and whether an application compiles against it.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import ts from "typescript";
import { build } from "vite";

import { openDeclarations } from "../scripts/docs/api.mjs";

const root = path.resolve(import.meta.dirname, "..");
const types = path.join(root, "dist/types");
const surface = path.join(import.meta.dirname, "surface.txt");
const modules = readdirSync(path.join(types, "modules")).sort();
/** What tests use follows the server. */
const promised = modules.filter((name) => name !== "testing");
let application;

/** Files are parsed once for both ways of resolving. */
const host = ts.createCompilerHost({ target: ts.ScriptTarget.ES2022 });
const parsed = new Map();
const { getSourceFile } = host;
host.getSourceFile = (name, ...rest) => {
  if (!name.includes("/typescript/lib/")) return getSourceFile.call(host, name, ...rest);
  if (!parsed.has(name)) parsed.set(name, getSourceFile.call(host, name, ...rest));
  return parsed.get(name);
};

/** An empty application that has the package installed. */
before(() => {
  application = mkdtempSync(path.join(tmpdir(), "ringdown-package-"));
  const installed = path.join(application, "node_modules/ringdown-client");
  mkdirSync(installed, { recursive: true });
  cpSync(path.join(root, "package.json"), path.join(installed, "package.json"));
  cpSync(path.join(root, "dist"), path.join(installed, "dist"), { recursive: true, filter: (from) => !/\/dist\/(docs|assets)$|\.(br|gz|map)$/.test(from) });
  writeFileSync(path.join(application, "package.json"), JSON.stringify({ name: "application", type: "module", private: true }));
});

after(() => rmSync(application, { recursive: true, force: true }));

test("the public surface is the one that is checked in: RINGDOWN_UPDATE=1 writes a change down", () => {
  const files = [["client", "index.d.ts"], ["phone", "ui/index.d.ts"], ...promised.map((name) => [name, `modules/${name}/index.d.ts`])];
  const declarations = openDeclarations(files.map(([, file]) => path.join(types, file)));
  const lines = files.flatMap(([name, file]) => declarations.exportsOf(path.join(types, file)).flatMap((entry) => {
    const members = ["class", "interface", "type"].includes(entry.kind) ? declarations.membersOf(entry) : [];
    return [`${name}: ${entry.kind} ${entry.name}`, ...members.map(({ signature }) => `${name}: ${entry.name}.${signature.replace(/\s+/g, " ")}`)];
  }));
  const text = `${lines.join("\n")}\n`;
  if (process.env.RINGDOWN_UPDATE === "1") writeFileSync(surface, text);
  const known = readFileSync(surface, "utf8").split("\n");
  const now = text.split("\n");
  const changed = [...known.filter((line) => !now.includes(line)).map((line) => `- ${line}`), ...now.filter((line) => !known.includes(line)).map((line) => `+ ${line}`)];
  assert.deepEqual(changed, [], "the surface changed: is that meant, and in CHANGELOG.md?");
});

for (const [name, options] of [
  ["a bundler", { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler }],
  ["Node", { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext }],
]) {
  test(`an application compiles against it as ${name} resolves it, strictly`, () => {
    const file = path.join(application, "main.ts");
    writeFileSync(file, [
      'import { RingdownClient, RingdownError, type Call, type CallEnd, type RingdownOptions } from "ringdown-client";',
      'import type { RingdownPhone } from "ringdown-client/phone";',
      ...modules.map((module) => `import * as ${module.replace(/-(.)/g, (_, letter) => letter.toUpperCase())} from "ringdown-client/${module}";`),
      `export const all = [${modules.map((module) => module.replace(/-(.)/g, (_, letter) => letter.toUpperCase())).join(", ")}];`,
      'const options: RingdownOptions = { server: "https://pbx.example", token: () => Promise.resolve("t") };',
      "export const client = new RingdownClient(options);",
      'client.on("incoming", (call: Call) => { if (call.can.answer) void call.answer(); });',
      'client.on("callEnded", (_call, { reason, durationMs }: CallEnd) => console.log(reason satisfies string, durationMs satisfies number));',
      'export const failed = (thrown: unknown): readonly string[] => (thrown instanceof RingdownError ? thrown.solutions : []);',
      'export const place = async (): Promise<string> => (await client.call("102", { video: false })).callId;',
      'export type Widget = RingdownPhone["nodeName"];',
      "// @ts-expect-error there is no such event",
      'client.on("nonsense", () => undefined);',
    ].join("\n"));
    const program = ts.createProgram([file], {
      ...options, target: ts.ScriptTarget.ES2022, lib: ["lib.es2023.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"], types: [],
      strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, verbatimModuleSyntax: true, skipDefaultLibCheck: true, noEmit: true,
    }, host);
    assert.deepEqual(ts.getPreEmitDiagnostics(program).map(({ file: where, messageText }) => `${where?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`), []);
  });
}

test("every file that the package names is there, and nothing is that no application needs", () => {
  const { exports } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  for (const name of ["client", "phone", ...modules]) {
    for (const file of [`dist/ringdown-${name}.js`, `dist/ringdown-${name}.d.ts`]) assert.ok(existsSync(path.join(root, file)), file);
  }
  assert.deepEqual(Object.keys(exports), [".", "./phone", "./*"]);
  const [{ files }] = JSON.parse(execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
  const packed = files.map(({ path: file }) => file);
  assert.ok(packed.includes("package.json") && packed.includes("dist/ringdown-client.js") && packed.includes("dist/types/index.d.ts"));
  // What only a server needs, and what is not the package's.
  assert.deepEqual(packed.filter((file) => /\.(br|gz|html|test\.d\.ts)$|^src\/|^e2e\/|^dist\/docs\/|^dist\/assets\//.test(file)), []);
});

test("the library runs in Node, and an application takes along only what it imports", async () => {
  const { RingdownClient } = await import("../dist/ringdown-client.js");
  const client = new RingdownClient({ server: "https://pbx.example", token: () => Promise.resolve("") });
  assert.equal(client.state, "offline");
  client.destroy();
  writeFileSync(path.join(application, "small.js"), 'import { RingdownError } from "ringdown-client"; import { Chat } from "ringdown-client/chat"; import { SignIn } from "ringdown-client/sign-in"; export const error = SignIn; export const two = RingdownError;\n');
  const bundled = await build({
    root: application, configFile: false, logLevel: "error", publicDir: false,
    build: { write: false, minify: false, rolldownOptions: { output: { minify: false } }, lib: { entry: "small.js", formats: ["es"], fileName: "small" } },
  });
  const { modules: taken } = bundled[0].output[0];
  const used = Object.entries(taken).filter(([, { renderedLength }]) => renderedLength > 0).map(([file]) => path.basename(file)).sort();
  assert.deepEqual(used, ["ringdown-client.js", "ringdown-sign-in.js", "small.js"], "the chat is imported and not used");
});

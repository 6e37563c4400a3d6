// Tries the docs page in a real browser: it loads from its own server only, logs in, and executes operations.
//
//   npm install --prefix /tmp/browser playwright-core@1.65.1
//   salesdesk serve --demo --data-dir /tmp/docs-check --listen 127.0.0.1:18401
//   TOOLS=/tmp/browser node tests/browser/docs-check.mjs http://127.0.0.1:18401 [screenshot.png]
//
// Needs Chromium at /usr/bin/chromium, or where CHROMIUM says. The browser knows the server under a made-up host
// name, since Swagger UI behaves otherwise on localhost.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const require = createRequire(`${process.env.TOOLS ?? process.cwd()}/`);
const { chromium } = require("playwright-core");
const server = new URL(process.argv[2] ?? "http://127.0.0.1:18401");
const picture = process.argv[3];
const site = `http://salesdesk.test:${server.port}`;
const profile = mkdtempSync(join(tmpdir(), "docs-check-"));

const browser = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  headless: true,
  viewport: { width: 1300, height: 1600 },
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", `--host-resolver-rules=MAP salesdesk.test ${server.hostname}`,
  ],
});

/** Opens an operation, changes the form, executes, and gives the answer's status. */
async function execute(page, method, path, operation, fill = async () => {}) {
  const block = page.locator(`[id$="-${operation}"].opblock`);
  await block.locator(".opblock-summary-control").click();
  await fill(block);
  const [answer] = await Promise.all([
    page.waitForResponse((r) => r.request().method() === method && new URL(r.url()).pathname === `/api/v1${path}`),
    block.locator("button.execute").click(),
  ]);
  await block.locator(".live-responses-table .response-col_status").first().waitFor();
  const shown = (await block.locator(".live-responses-table tbody .response-col_status").first().innerText()).trim();
  assert.equal(shown.split(/\s/)[0], String(answer.status()), `${operation}: the page shows the status`);
  console.log(`${method} ${path}: ${answer.status()}`);
  return answer.status();
}

try {
  const page = await browser.newPage();
  const asked = [];
  const complaints = [];
  browser.on("request", (r) => asked.push(r.url()));
  page.on("console", (m) => m.type() === "error" && complaints.push(m.text()));
  page.on("pageerror", (e) => complaints.push(String(e)));

  await page.goto(`${site}/docs/`);
  await page.locator(".opblock").first().waitFor({ timeout: 60_000 });
  const tags = await page.locator(".opblock-tag").evaluateAll((all) => all.map((t) => t.dataset.tag));
  console.log(`${await page.locator(".opblock").count()} operations under ${tags.join(", ")}`);
  assert.equal(tags[0], "auth");
  if (picture) await page.screenshot({ path: picture });

  const login = await fetch(new URL("/api/v1/auth/login", server), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ username: "clerk", password: "salesdesk-demo" }),
  });
  assert.equal(login.status, 200);
  const { access_token } = await login.json();
  await page.locator(".auth-wrapper .authorize").first().click();
  await page.locator(".auth-container input").first().fill(access_token);
  await page.locator(".auth-btn-wrapper .authorize").click();
  await page.locator(".auth-btn-wrapper .btn-done").click();

  assert.equal(await execute(page, "GET", "/me", "getMe"), 200);
  assert.equal(await execute(page, "GET", "/orders", "listOrders"), 200);
  const list = async (path) => {
    const answer = await fetch(new URL(`/api/v1${path}`, server), { headers: { Authorization: `Bearer ${access_token}` } });
    return (await answer.json()).data;
  };
  const [customer] = await list("/customers?status=active&limit=1");
  const [product] = await list("/products?status=active&limit=1");
  const order = { customer_id: customer.id, lines: [{ product_id: product.id, quantity: "5" }] };
  const dry = await execute(page, "POST", "/orders", "createOrder", async (block) => {
    await block.locator("tr[data-param-name=dry_run] select").selectOption("true");
    await block.locator("textarea.body-param__text").fill(JSON.stringify(order));
  });
  assert.ok(dry === 200 || dry === 201, `a dry run of an order: ${dry}`);
  if (picture) await page.screenshot({ path: picture.replace(/(\.png)?$/, "-executed.png") });

  const elsewhere = asked.filter((url) => !url.startsWith(`${site}/`) && !/^(data|blob):/.test(url));
  assert.deepEqual(elsewhere, [], "every request goes to the server itself");
  assert.deepEqual(complaints, [], "the browser complains of nothing");
  console.log(`${asked.length} requests, none elsewhere; no complaint of the browser.`);
} finally {
  await browser.close();
  rmSync(profile, { recursive: true, force: true });
}

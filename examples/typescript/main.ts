// The main job with a client whose types come from the document: an order from its customer to its completion.
import createClient, { type Client, type Middleware } from "openapi-fetch";
import type { components, paths } from "./types.js";

type Problem = components["schemas"]["Problem"];
type Api = Client<paths>;

const base = process.argv[2] ?? "http://127.0.0.1:8080";
const run = Date.now().toString(36).toUpperCase();
const channel = `typescript-${run}`;

/** What a call answered; throws what the problem says, with every field that is wrong. */
async function ok<T>(call: Promise<{ data?: T; error?: Problem; response: Response }>): Promise<T> {
  const { data, error, response } = await call;
  if (error) {
    const fields = (error.errors ?? []).map((e) => `${e.pointer ?? e.parameter}: ${e.detail}`);
    throw new Error([`${error.status} ${error.code}: ${error.detail}`, ...fields].join("\n  "));
  }
  console.log(`${response.status} ${new URL(response.url).pathname}`);
  return data as T;
}

/** A client of somebody who is logged in. */
async function logIn(username: string): Promise<Api> {
  const api = createClient<paths>({
    baseUrl: `${base}/api/v1`,
    // Lists in a query are one parameter with commas.
    querySerializer: { array: { style: "form", explode: false } },
  });
  const tokens = await ok(api.POST("/auth/login", { body: { username, password: "salesdesk-demo" } }));
  const bearer: Middleware = {
    onRequest({ request }) {
      request.headers.set("Authorization", `Bearer ${tokens.access_token}`);
      return request;
    },
  };
  api.use(bearer);
  return api;
}

function same(actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`got ${String(actual)}, not ${String(expected)}`);
}

const clerk = await logIn("clerk");
const manager = await logIn("manager");
const warehouse = await logIn("warehouse");
// Whose order it is: the manager of their team sees and approves it.
const rep = await ok((await logIn("rep")).GET("/me"));

// A customer and a product, with a price for a channel of our own.
const customer = await ok(
  clerk.POST("/customers", {
    body: {
      name: `Typescript ${run} Trading`,
      country: "CN",
      currency: "CNY",
      addresses: [{ kind: "both", is_default: true, line1: "Tianhe Road 385", city: "Guangzhou", country: "CN" }],
    },
  }),
);
await ok(clerk.POST("/customers/{customer_id}/activate", { params: { path: { customer_id: customer.id } } }));
// It is in the list, which is found by a part of its name.
const found = await ok(clerk.GET("/customers", { params: { query: { q: `Typescript ${run}` } } }));
same(found.data.map((row) => row.id).join(), customer.id);

const product = await ok(
  clerk.POST("/products", { body: { sku: `TS-${run}`, name: `Tea ${run}`, unit: "pcs", tax_rate: "0.13" } }),
);
await ok(clerk.POST("/products/{product_id}/activate", { params: { path: { product_id: product.id } } }));

const list = await ok(
  clerk.POST("/price-lists", {
    body: { code: `TS-${run}`, name: `Prices ${run}`, currency: "CNY", channel },
  }),
);
const ofList = { params: { path: { price_list_id: list.id } } };
await ok(clerk.POST("/price-lists/{price_list_id}/prices", { ...ofList, body: { product_id: product.id, unit_price: "12.50" } }));
await ok(manager.POST("/price-lists/{price_list_id}/activate", ofList));

const price = await ok(
  clerk.GET("/prices/resolve", {
    params: { query: { product_id: product.id, customer_id: customer.id, quantity: "5", channel } },
  }),
);
same(price.price, "12.50");

// The order: safe to send again, because it has a key.
const entered = await ok(
  clerk.POST("/orders", {
    params: { header: { "Idempotency-Key": crypto.randomUUID() } },
    body: {
      customer_id: customer.id,
      rep_id: rep.id,
      channel,
      customer_po: `PO-${run}`,
      lines: [{ product_id: product.id, quantity: "5", unit_price: "12.50" }],
    },
  }),
);
same(entered.net, "62.50");
const ofOrder = { params: { path: { order_id: entered.id } } };

// A change: of the version that was seen.
const changed = await clerk.PATCH("/orders/{order_id}", {
  params: { path: { order_id: entered.id }, header: { "If-Match": `"${entered.version}"` } },
  headers: { "Content-Type": "application/merge-patch+json" },
  body: { notes: "Ring before delivery" },
});
same(changed.data?.notes, "Ring before delivery");

await ok(clerk.POST("/orders/{order_id}/submit", ofOrder));
await ok(manager.POST("/orders/{order_id}/approve", ofOrder));
const confirmed = await ok(clerk.POST("/orders/{order_id}/confirm", ofOrder));
same(confirmed.allowed_actions.includes("cancel"), true);

const shipment = await ok(
  warehouse.POST("/orders/{order_id}/shipments", { ...ofOrder, body: { carrier: "SF Express" } }),
);
await ok(
  warehouse.POST("/shipments/{shipment_id}/deliver", {
    params: { path: { shipment_id: shipment.id } },
    body: { received_by: "Front desk" },
  }),
);
same((await ok(clerk.POST("/orders/{order_id}/complete", ofOrder))).status, "completed");

// How it stands: pages of a list with two statuses, and a report.
let cursor: string | undefined;
let orders = 0;
do {
  const status = ["delivered" as const, "completed" as const];
  const query = { customer_id: [customer.id], status, sort: ["-order_date" as const], limit: 1 };
  const page = await ok(clerk.GET("/orders", { params: { query: cursor ? { ...query, cursor } : query } }));
  orders += page.data.length;
  cursor = page.next_cursor ?? undefined;
} while (cursor);
same(orders, 1);
const report = await ok(
  clerk.GET("/reports/sales-summary", { params: { query: { group_by: ["month"], customer_id: [customer.id] } } }),
);
same(report.rows[0]?.net, "62.50");

// A webhook is registered, and taken away again.
const admin = await logIn("admin");
const hook = await ok(
  admin.POST("/webhooks", { body: { url: `https://erp.example.com/hooks/${run}`, event_types: ["order.*"] } }),
);
same(hook.secret?.startsWith("whsec_"), true);
await ok(
  admin.DELETE("/webhooks/{webhook_id}", {
    params: { path: { webhook_id: hook.id }, header: { "If-Match": `"${hook.version}"` } },
  }),
);
console.log("Everything was as it should be.");

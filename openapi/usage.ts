// A client of the orders, written against the generated types; compiled (not run) by openapi/check.sh.
import createClient from "openapi-fetch";
import type { components, paths } from "./types";

type Order = components["schemas"]["OrderView"];
type OrderInList = components["schemas"]["OrderSummary"];

const api = createClient<paths>({
  baseUrl: "http://127.0.0.1:8080/api/v1",
  // Lists in a query are one parameter with commas; a repeated parameter is refused.
  querySerializer: { array: { style: "form", explode: false } },
});

export async function login(username: string, password: string): Promise<void> {
  const { data, error } = await api.POST("/auth/login", { body: { username, password } });
  if (error) throw new Error(`${error.code}: ${error.detail}`);
  const { access_token } = data;
  api.use({ onRequest: ({ request }) => request.headers.set("Authorization", `Bearer ${access_token}`) });
}

/** All pages of the confirmed orders. */
export async function confirmed(): Promise<OrderInList[]> {
  const orders: OrderInList[] = [];
  let cursor: string | undefined;
  do {
    const query = cursor === undefined ? { limit: 100 } : { limit: 100, cursor };
    const { data, error } = await api.GET("/orders", {
      params: { query: { ...query, status: ["confirmed"], sort: ["-order_date"] } },
    });
    if (error) throw new Error(error.code);
    orders.push(...data.data);
    cursor = data.next_cursor ?? undefined;
  } while (cursor !== undefined);
  return orders;
}

/** Enters an order with one line: first dry, then in earnest, safe to retry. */
export async function enter(customer_id: string, product_id: string): Promise<Order> {
  const body: components["schemas"]["OrderInput"] = { customer_id, lines: [{ product_id, quantity: "5" }] };
  const dry = await api.POST("/orders", { params: { query: { dry_run: true } }, body });
  if (dry.error) throw new Error(dry.error.errors?.map((e) => `${e.pointer}: ${e.detail}`).join("; "));
  const made = await api.POST("/orders", {
    params: { header: { "Idempotency-Key": crypto.randomUUID() } },
    body,
  });
  if (made.error) throw new Error(made.error.code);
  return made.data;
}

/** Changes the customer's own number, if nobody changed the order since. */
export async function renumber(order_id: string, etag: string, customer_po: string): Promise<Order> {
  const { data, error } = await api.PATCH("/orders/{order_id}", {
    params: { path: { order_id }, header: { "If-Match": etag } },
    headers: { "Content-Type": "application/merge-patch+json" },
    body: { customer_po },
  });
  if (error) throw new Error(error.code);
  return data;
}

export async function refused(): Promise<void> {
  // @ts-expect-error A status that no order has.
  await api.GET("/orders", { params: { query: { status: ["lost_in_the_post"] } } });
  // @ts-expect-error A quantity is a text, not a number.
  await api.POST("/orders", { body: { customer_id: "cus_1", lines: [{ product_id: "prd_1", quantity: 5 }] } });
  // @ts-expect-error A change names the version that it changes.
  await api.PATCH("/orders/{order_id}", { params: { path: { order_id: "ord_1" } }, body: {} });
}

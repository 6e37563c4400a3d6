"""The main job with a client that is generated from the document: an order from its customer to its completion."""

import sys
import time
import uuid

import httpx

from salesdesk import AuthenticatedClient, Client
from salesdesk.api.auth import login
from salesdesk.api.customers import activate_customer, create_customer, list_customers
from salesdesk.api.me import get_me
from salesdesk.api.orders import (
    approve_order,
    complete_order,
    confirm_order,
    create_order,
    list_orders,
    submit_order,
    update_order,
)
from salesdesk.api.price_lists import activate_price_list, create_price_list
from salesdesk.api.prices import add_price, resolve_price
from salesdesk.api.products import activate_product, create_product
from salesdesk.api.reports import get_sales_summary
from salesdesk.api.shipments import create_shipment, deliver_shipment
from salesdesk.api.webhooks import create_webhook, delete_webhook
from salesdesk.models import (
    AddressInput,
    AddressKind,
    DeliveryInput,
    LineInput,
    Login,
    NewCustomer,
    OrderHeadPatch,
    OrderInput,
    OrderStatus,
    PriceEntryInput,
    PriceListInput,
    Problem,
    ProductInput,
    SalesSummaryGroupBy,
    ShipmentInput,
    WebhookInput,
)

BASE = (sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8080") + "/api/v1"
RUN = f"{time.time_ns():x}"
CHANNEL = f"python-{RUN}"


def ok(answer):
    """What a call answered; raises what the problem says, with every field that is wrong."""
    if not isinstance(answer, Problem):
        return answer
    faults = [f"{e.pointer or e.parameter}: {e.detail}" for e in answer.errors or []]
    raise RuntimeError("\n  ".join([f"{answer.status} {answer.code}: {answer.detail}", *faults]))


def join_lists(request: httpx.Request) -> None:
    """A list is one parameter with commas. This generator would repeat the parameter, which is refused."""
    values: dict[str, list[str]] = {}
    for name, value in request.url.params.multi_items():
        values.setdefault(name, []).append(value)
    request.url = request.url.copy_with(params={name: ",".join(of) for name, of in values.items()})


def log_in(username: str) -> AuthenticatedClient:
    """A client of somebody who is logged in."""
    body = Login(username=username, password="salesdesk-demo")
    tokens = ok(login.sync(client=Client(base_url=BASE), body=body))
    return AuthenticatedClient(
        base_url=BASE,
        token=tokens.access_token,
        httpx_args={"event_hooks": {"request": [join_lists]}},
    )


def master_data(clerk: AuthenticatedClient, manager: AuthenticatedClient) -> tuple[str, str]:
    """A customer and a product, with a price for a channel of our own."""
    address = AddressInput(
        kind=AddressKind.BOTH, is_default=True, line1="Tianhe Road 385", city="Guangzhou", country="CN"
    )
    customer = ok(
        create_customer.sync(
            client=clerk,
            body=NewCustomer(
                name=f"Python {RUN} Trading", country="CN", currency="CNY", addresses=[address]
            ),
        )
    )
    ok(activate_customer.sync(customer.id, client=clerk))
    # It is in the list, which is found by a part of its name.
    found = ok(list_customers.sync(client=clerk, q=f"Python {RUN}"))
    assert [row.id for row in found.data] == [customer.id]
    tea = ProductInput(sku=f"PY-{RUN}", name=f"Tea {RUN}", unit="pcs", tax_rate="0.13")
    product = ok(create_product.sync(client=clerk, body=tea))
    ok(activate_product.sync(product.id, client=clerk))
    prices = PriceListInput(code=f"PY-{RUN}", name=f"Prices {RUN}", currency="CNY", channel=CHANNEL)
    price_list = ok(create_price_list.sync(client=clerk, body=prices))
    price = PriceEntryInput(product_id=product.id, unit_price="12.50")
    ok(add_price.sync(price_list.id, client=clerk, body=price))
    ok(activate_price_list.sync(price_list.id, client=manager))
    return customer.id, product.id


def main() -> None:
    clerk, manager, warehouse = log_in("clerk"), log_in("manager"), log_in("warehouse")
    # Whose order it is: the manager of their team sees and approves it.
    rep = ok(get_me.sync(client=log_in("rep")))
    customer_id, product_id = master_data(clerk, manager)
    price = ok(
        resolve_price.sync(
            client=clerk, product_id=product_id, customer_id=customer_id, quantity="5", channel=CHANNEL
        )
    )
    assert price.price == "12.50"

    # The order: safe to send again, because it has a key.
    body = OrderInput(
        customer_id=customer_id,
        rep_id=rep.id,
        channel=CHANNEL,
        customer_po=f"PO-{RUN}",
        lines=[LineInput(product_id=product_id, quantity="5", unit_price="12.50")],
    )
    order = ok(create_order.sync(client=clerk, body=body, idempotency_key=str(uuid.uuid4())))
    print(order.number, order.status, order.net, order.tax, order.gross)
    assert order.net == "62.50"

    # A change: of the version that was seen.
    notes = OrderHeadPatch(notes="Ring before delivery")
    order = ok(update_order.sync(order.id, client=clerk, body=notes, if_match=f'"{order.version}"'))
    assert order.notes == "Ring before delivery"

    ok(submit_order.sync(order.id, client=clerk))
    ok(approve_order.sync(order.id, client=manager))
    order = ok(confirm_order.sync(order.id, client=clerk))
    print(order.number, order.status, order.allowed_actions)
    shipment = ok(
        create_shipment.sync(order.id, client=warehouse, body=ShipmentInput(carrier="SF Express"))
    )
    ok(deliver_shipment.sync(shipment.id, client=warehouse, body=DeliveryInput(received_by="Front desk")))
    order = ok(complete_order.sync(order.id, client=clerk))
    print(order.number, order.status)
    assert order.status == "completed"

    # How it stands: a list with two statuses, and a report.
    ended = [OrderStatus.DELIVERED, OrderStatus.COMPLETED]
    page = ok(list_orders.sync(client=clerk, customer_id=[customer_id], status=ended, limit=1))
    assert [row.id for row in page.data] == [order.id] and not page.has_more
    month = [SalesSummaryGroupBy.MONTH]
    report = ok(get_sales_summary.sync(client=clerk, group_by=month, customer_id=[customer_id]))
    assert report.rows[0].net == "62.50"

    # Some fields only: an answer that is no whole record is read as it is.
    asked = {"fields": "id,number,gross", "customer_id": customer_id}
    rows = clerk.get_httpx_client().get("/orders", params=asked).raise_for_status().json()["data"]
    assert rows == [{"id": order.id, "number": order.number, "gross": order.gross}]

    # A webhook is registered, and taken away again.
    admin = log_in("admin")
    hook = WebhookInput(url=f"https://erp.example.com/hooks/{RUN}", event_types=["order.*"])
    hook = ok(create_webhook.sync(client=admin, body=hook))
    assert hook.secret.startswith("whsec_")
    ok(delete_webhook.sync(hook.id, client=admin, if_match=f'"{hook.version}"'))
    print("Everything was as it should be.")


if __name__ == "__main__":
    main()

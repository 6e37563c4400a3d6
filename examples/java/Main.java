// The main job with a client that is generated from the document: an order from its customer to its completion.

import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import salesdesk.ApiClient;
import salesdesk.ApiException;
import salesdesk.api.AuthApi;
import salesdesk.api.CustomersApi;
import salesdesk.api.MeApi;
import salesdesk.api.OrdersApi;
import salesdesk.api.PriceListsApi;
import salesdesk.api.PricesApi;
import salesdesk.api.ProductsApi;
import salesdesk.api.ReportsApi;
import salesdesk.api.ShipmentsApi;
import salesdesk.api.WebhooksApi;
import salesdesk.model.AddressInput;
import salesdesk.model.AddressKind;
import salesdesk.model.Approval;
import salesdesk.model.CustomerView;
import salesdesk.model.DeliveryInput;
import salesdesk.model.LineInput;
import salesdesk.model.Login;
import salesdesk.model.NewCustomer;
import salesdesk.model.OrderHeadPatch;
import salesdesk.model.OrderInput;
import salesdesk.model.OrderStatus;
import salesdesk.model.OrderView;
import salesdesk.model.PriceAnswer;
import salesdesk.model.PriceEntryInput;
import salesdesk.model.PriceList;
import salesdesk.model.PriceListInput;
import salesdesk.model.PriceListNote;
import salesdesk.model.Problem;
import salesdesk.model.ProblemError;
import salesdesk.model.Product;
import salesdesk.model.ProductInput;
import salesdesk.model.SalesSummaryGroupBy;
import salesdesk.model.ShipmentInput;
import salesdesk.model.ShipmentView;
import salesdesk.model.StepNote;
import salesdesk.model.WebhookInput;
import salesdesk.model.WebhookWithSecret;

public final class Main {
  private static final String RUN = Long.toString(System.currentTimeMillis(), 36).toUpperCase();
  private static final String CHANNEL = "java-" + RUN.toLowerCase();
  private static String base;

  public static void main(String[] args) throws Exception {
    base = (args.length > 0 ? args[0] : "http://127.0.0.1:8080") + "/api/v1";
    try {
      mainJob();
    } catch (ApiException refused) {
      throw new IllegalStateException(told(refused), refused);
    }
  }

  /** What the problem says, with every field that is wrong. */
  private static String told(ApiException refused) throws Exception {
    Problem problem = ApiClient.createDefaultObjectMapper().readValue(refused.getResponseBody(), Problem.class);
    StringBuilder text = new StringBuilder(problem.getStatus() + " " + problem.getCode() + ": " + problem.getDetail());
    for (ProblemError fault : Objects.requireNonNullElse(problem.getErrors(), List.<ProblemError>of())) {
      text.append("\n  ").append(fault.getPointer()).append(": ").append(fault.getDetail());
    }
    return text.toString();
  }

  private static ApiClient client() {
    ApiClient client = new ApiClient();
    client.updateBaseUri(base);
    return client;
  }

  /** A client of somebody who is logged in. */
  private static ApiClient logIn(String username) throws ApiException {
    Login login = new Login().username(username).password("salesdesk-demo");
    String token = new AuthApi(client())
        .login(AuthApi.APILoginRequest.newBuilder().login(login).build()).getAccessToken();
    ApiClient client = client();
    client.setRequestInterceptor(request -> request.header("Authorization", "Bearer " + token));
    return client;
  }

  private static void same(Object actual, Object expected) {
    if (!Objects.equals(actual, expected)) {
      throw new IllegalStateException("got " + actual + ", not " + expected);
    }
  }

  private static CustomerView customer(ApiClient clerk) throws ApiException {
    AddressInput address = new AddressInput().kind(AddressKind.BOTH).isDefault(true)
        .line1("Tianhe Road 385").city("Guangzhou").country("CN");
    NewCustomer customer = new NewCustomer().name("Java " + RUN + " Trading").country("CN").currency("CNY")
        .addresses(List.of(address));
    CustomersApi customers = new CustomersApi(clerk);
    CustomerView made = customers.createCustomer(
        CustomersApi.APICreateCustomerRequest.newBuilder().newCustomer(customer).build());
    customers.activateCustomer(CustomersApi.APIActivateCustomerRequest.newBuilder().customerId(made.getId()).build());
    // It is in the list, which is found by a part of its name.
    var page = customers.listCustomers(CustomersApi.APIListCustomersRequest.newBuilder().q("Java " + RUN).build());
    same(page.getData().size(), 1);
    same(page.getData().get(0).getId(), made.getId());
    return made;
  }

  /** A product, with a price for a channel of our own. */
  private static Product product(ApiClient clerk, ApiClient manager) throws ApiException {
    ProductsApi products = new ProductsApi(clerk);
    ProductInput tea = new ProductInput().sku("JAVA-" + RUN).name("Tea " + RUN).unit("pcs").taxRate("0.13");
    Product product = products.createProduct(
        ProductsApi.APICreateProductRequest.newBuilder().productInput(tea).build());
    products.activateProduct(ProductsApi.APIActivateProductRequest.newBuilder().productId(product.getId())
        .stepNote(new StepNote()).build());
    PriceListInput prices =
        new PriceListInput().code("JAVA-" + RUN).name("Prices " + RUN).currency("CNY").channel(CHANNEL);
    PriceList list = new PriceListsApi(clerk).createPriceList(
        PriceListsApi.APICreatePriceListRequest.newBuilder().priceListInput(prices).build());
    // Money is a text, in and out.
    PriceEntryInput price = new PriceEntryInput().productId(product.getId()).unitPrice("12.50");
    new PricesApi(clerk).addPrice(
        PricesApi.APIAddPriceRequest.newBuilder().priceListId(list.getId()).priceEntryInput(price).build());
    new PriceListsApi(manager).activatePriceList(
        PriceListsApi.APIActivatePriceListRequest.newBuilder().priceListId(list.getId())
            .priceListNote(new PriceListNote()).build());
    return product;
  }

  private static void mainJob() throws ApiException {
    ApiClient clerk = logIn("clerk");
    ApiClient manager = logIn("manager");
    ApiClient warehouse = logIn("warehouse");
    // Whose order it is: the manager of their team sees and approves it.
    String rep = new MeApi(logIn("rep")).getMe(MeApi.APIGetMeRequest.newBuilder().build()).getId();
    CustomerView customer = customer(clerk);
    Product product = product(clerk, manager);
    PriceAnswer answer = new PricesApi(clerk).resolvePrice(PricesApi.APIResolvePriceRequest.newBuilder()
        .productId(product.getId()).customerId(customer.getId()).quantity("5").channel(CHANNEL).build());
    same(answer.getPrice(), "12.50");

    // The order: safe to send again, because it has a key.
    OrdersApi orders = new OrdersApi(clerk);
    LineInput line = new LineInput().productId(product.getId()).quantity("5").unitPrice("12.50");
    OrderInput input = new OrderInput().customerId(customer.getId()).repId(rep).channel(CHANNEL).customerPo("PO-" + RUN)
        .lines(List.of(line));
    OrderView order = orders.createOrder(OrdersApi.APICreateOrderRequest.newBuilder()
        .orderInput(input).idempotencyKey(UUID.randomUUID().toString()).build());
    same(order.getNet(), "62.50");
    System.out.printf("%s %s %s%n", order.getNumber(), order.getStatus().getValue(), order.getGross());

    // A change: of the version that was seen.
    String id = order.getId();
    order = orders.updateOrder(OrdersApi.APIUpdateOrderRequest.newBuilder().orderId(id)
        .ifMatch("\"" + order.getVersion() + "\"").orderHeadPatch(new OrderHeadPatch().notes("Ring before delivery"))
        .build());
    same(order.getNotes(), "Ring before delivery");

    orders.submitOrder(OrdersApi.APISubmitOrderRequest.newBuilder().orderId(id).build());
    new OrdersApi(manager).approveOrder(
        OrdersApi.APIApproveOrderRequest.newBuilder().orderId(id).approval(new Approval()).build());
    orders.confirmOrder(OrdersApi.APIConfirmOrderRequest.newBuilder().orderId(id).build());
    ShipmentsApi shipments = new ShipmentsApi(warehouse);
    ShipmentView shipment = shipments.createShipment(ShipmentsApi.APICreateShipmentRequest.newBuilder()
        .orderId(id).shipmentInput(new ShipmentInput().carrier("SF Express")).build());
    shipments.deliverShipment(ShipmentsApi.APIDeliverShipmentRequest.newBuilder()
        .shipmentId(shipment.getId()).deliveryInput(new DeliveryInput().receivedBy("Front desk")).build());
    order = orders.completeOrder(OrdersApi.APICompleteOrderRequest.newBuilder().orderId(id).build());
    same(order.getStatus(), OrderStatus.COMPLETED);
    System.out.printf("%s %s%n", order.getNumber(), order.getStatus().getValue());

    // How it stands: a list with two statuses, and a report.
    var page = orders.listOrders(OrdersApi.APIListOrdersRequest.newBuilder().customerId(List.of(customer.getId()))
        .status(List.of(OrderStatus.DELIVERED, OrderStatus.COMPLETED)).limit(1).build());
    same(page.getData().get(0).getId(), id);
    same(page.getHasMore(), false);
    var report = new ReportsApi(clerk).getSalesSummary(ReportsApi.APIGetSalesSummaryRequest.newBuilder()
        .groupBy(Set.of(SalesSummaryGroupBy.MONTH)).customerId(List.of(customer.getId())).build());
    same(report.getRows().get(0).getNet(), "62.50");

    // A webhook is registered, and taken away again.
    WebhooksApi webhooks = new WebhooksApi(logIn("admin"));
    WebhookInput hook = new WebhookInput().url("https://erp.example.com/hooks/" + RUN).eventTypes(List.of("order.*"));
    WebhookWithSecret made = webhooks.createWebhook(
        WebhooksApi.APICreateWebhookRequest.newBuilder().webhookInput(hook).build());
    same(made.getSecret().startsWith("whsec_"), true);
    webhooks.deleteWebhook(WebhooksApi.APIDeleteWebhookRequest.newBuilder()
        .webhookId(made.getId()).ifMatch("\"" + made.getVersion() + "\"").build());
    System.out.println("Everything was as it should be.");
  }
}

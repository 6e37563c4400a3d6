// What /docs/ shows: Swagger UI with the document of this server, a search that finds operations, and a log-in.
"use strict";

const API = "/api/v1";

/** Whether an operation has all these words in its method, path, id, summary or tag. */
function has(operation, words) {
  const says = operation.get("operation");
  const parts = [operation.get("method"), operation.get("path"), says.get("operationId"), says.get("summary")];
  const text = [...parts, says.getIn(["tags", 0])].join(" ").toLowerCase();
  return words.every((word) => text.includes(word));
}

/** The search box finds operations. Swagger UI alone finds tags only. */
const FindOperations = () => ({
  fn: {
    opsFilter: (tags, phrase) => {
      const words = phrase.toLowerCase().split(/\s+/).filter(Boolean);
      const found = tags.map((tag) => tag.update("operations", (all) => all.filter((one) => has(one, words))));
      return found.filter((tag) => tag.get("operations").size > 0);
    },
  },
  statePlugins: {
    layout: {
      wrapSelectors: {
        // Tags are closed at first. A tag in which something was found is open.
        isShown: (shown) => (state, thing, usual) => {
          const phrase = state.get("filter");
          const searching = typeof phrase === "string" && phrase !== "" && phrase !== "true";
          return (searching && thing[0] === "operations-tag") || shown(thing, usual);
        },
      },
    },
  },
});

/** Logs in and gives the token to Swagger UI. */
async function logIn(event) {
  event.preventDefault();
  const [name, word, said] = ["username", "password", "said"].map((id) => document.getElementById(id));
  const answer = await fetch(`${API}/auth/login`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ username: name.value, password: word.value }),
  });
  const body = await answer.json();
  if (!answer.ok) {
    said.textContent = body.detail;
    return;
  }
  const schema = { type: "http", scheme: "bearer" };
  window.ui.authActions.authorizeWithPersistOption({ bearer: { name: "bearer", schema, value: body.access_token } });
  word.value = "";
  said.textContent = `Logged in as ${name.value}.`;
}

async function show() {
  const spec = await (await fetch(`${API}/openapi.json`)).json();
  // The examples speak of the address that this page came from.
  spec.info.description = spec.info.description.replaceAll("http://127.0.0.1:8080", window.location.origin);
  window.ui = SwaggerUIBundle({
    spec,
    dom_id: "#swagger-ui",
    deepLinking: true,
    plugins: [FindOperations],
    docExpansion: "none",
    defaultModelsExpandDepth: -1,
    filter: true,
    persistAuthorization: true,
    tryItOutEnabled: true,
    displayRequestDuration: true,
    // Elsewhere than on localhost, Swagger UI would send the document's address to a validator on the web.
    validatorUrl: "none",
  });
}

document.getElementById("log-in").addEventListener("submit", logIn);
show();

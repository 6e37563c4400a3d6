#!/usr/bin/env bash
# The walk of docs/first-ten-minutes.md: an order from entry to completion, with curl.
#
#   salesdesk serve --demo &
#   docs/first-ten-minutes.sh [http://127.0.0.1:8080]
#
# Needs bash and curl. Stops at the first answer that is not what it should be. The demo can be walked through
# as often as you like.
set -euo pipefail
BASE=${1:-http://127.0.0.1:8080}

# ---- helpers
# call METHOD PATH [JSON [curl options…]]: leaves $code, $headers and $answer
call() {
    local method=$1 path=$2 json=${3-} type=application/json all
    shift $(($# < 3 ? $# : 3))
    if [[ $method == PATCH ]]; then type=application/merge-patch+json; fi
    all=$(curl -sS -i -X "$method" "$BASE/api/v1$path" -H "Authorization: Bearer ${TOKEN-}" \
        ${json:+-H "Content-Type: $type" --data "$json"} "$@")
    headers=${all%%$'\r\n\r\n'*} answer=${all#*$'\r\n\r\n'} code=${all:9:3}
    printf '%s %s -> %s\n' "$method" "$path" "$code"
}
# field NAME: the first text of that name in $answer; header NAME: of that header in $headers
field() { local p="\"$1\":\"([^\"]*)\""; [[ $answer =~ $p ]] && printf '%s\n' "${BASH_REMATCH[1]}"; }
header() { local p=$'\n'"$1: ([^"$'\r'"]*)"; [[ $headers =~ $p ]] && printf '%s\n' "${BASH_REMATCH[1]}"; }
# is ACTUAL EXPECTED
is() {
    if [[ $1 == "$2" ]]; then printf '   %s\n' "$1"; else printf '   got "%s", not "%s": %s\n' "$1" "$2" "$answer" >&2; return 1; fi
}
log_in() {
    TOKEN=
    call POST /auth/login "{\"username\":\"$1\",\"password\":\"salesdesk-demo\"}"
    TOKEN=$(field access_token)
}

# ---- 1. log in as the clerk
log_in clerk
call GET /me
is "$(field role)" clerk

# ---- 2. find the customer
call GET '/customers?q=gzth&fields=id,name'
is "$(field name)" 广州天河贸易有限公司
call GET /customers '' -G --data-urlencode q=天河 -d fields=id,name
customer=$(field id)
echo "$answer"

# ---- 3. find products and ask for a price
call GET '/products?q=xhlj&fields=id,sku,name'
longjing=$(field id)
is "$(field sku)" TEA-001
call GET '/products?sku=TEA-002&fields=id,sku,name'
tieguanyin=$(field id)
call GET "/prices/resolve?product_id=$longjing&customer_id=$customer&quantity=12"
is "$(field price)" 154.56
is "$(field rule_text)" 'from the price list TIER-A for tier a'

# ---- 4. enter an order: first as a dry run, then in earnest, and once more by mistake
key="walk-$(date +%s)-$RANDOM"
order="{\"customer_id\":\"$customer\",\"customer_po\":\"PO-$key\",\"lines\":[
  {\"product_id\":\"$longjing\",\"quantity\":\"12\"},
  {\"product_id\":\"$tieguanyin\",\"quantity\":\"2\",\"unit\":\"box\",\"discount_rate\":\"0.05\"}]}"
call POST '/orders?dry_run=true' "$order"
is "$code" 201
call GET "/orders?customer_po=PO-$key"
is "$answer" '{"data":[],"has_more":false,"next_cursor":null}'
call POST /orders "$order" -H "Idempotency-Key: $key"
id=$(field id)
is "$(field status)" draft
is "$(field net) + $(field tax) = $(field gross)" '7224.58 + 939.19 = 8163.77'
call POST /orders "$order" -H "Idempotency-Key: $key"
is "$(header idempotent-replayed)" true
is "$(field id)" "$id"

# ---- 5. make a mistake
call POST /orders "{\"customer_id\":\"$customer\",\"chanel\":\"web\",\"lines\":[{\"product_id\":\"$longjing\",\"quantity\":5}]}"
is "$code" 422
is "$(field code)" validation_failed
echo "$answer"

# ---- 6. change the draft: with the version that was seen
call GET "/orders/$id"
etag=$(header etag)
call PATCH "/orders/$id" '{"notes":"Ring before delivery"}' -H "If-Match: $etag"
is "$code" 200
call PATCH "/orders/$id" '{"notes":"Do not ring"}' -H "If-Match: $etag"
is "$(field code)" version_mismatch

# ---- 7. submit, review, approve, confirm
call POST "/orders/$id/submit"
is "$(field status)" submitted
log_in manager
call GET "/orders/$id/review"
echo "$answer"
call POST "/orders/$id/approve"
is "$(field status)" approved
log_in clerk
call POST "/orders/$id/confirm"
is "$(field status)" confirmed
lines=${answer#*'"lines":['}
[[ $lines =~ (oln_[0-9a-f]+) ]] && line=${BASH_REMATCH[1]}

# ---- 8. ship a part, then the rest
log_in warehouse
call POST "/orders/$id/shipments" "{\"carrier\":\"SF Express\",\"lines\":[{\"order_line_id\":\"$line\",\"quantity\":\"10\"}]}"
first=$(field id)
call GET "/orders/$id?fields=status,fulfilment"
is "$(field status), $(field fulfilment)" 'partially_shipped, partial'
call POST "/orders/$id/shipments" "{\"lines\":[{\"order_line_id\":\"$line\",\"quantity\":\"3\"}]}"
is "$(field pointer)" /lines/0/quantity
call POST "/orders/$id/shipments" '{"carrier":"SF Express","tracking_number":"SF1234567890"}'
second=$(field id)
call GET "/orders/$id?fields=status,fulfilment"
is "$(field status), $(field fulfilment)" 'shipped, full'

# ---- 9. deliver and complete
call POST "/shipments/$first/deliver"
call POST "/shipments/$second/deliver" '{"received_by":"黄志明"}'
is "$(field status)" delivered
log_in clerk
call POST "/orders/$id/complete"
is "$(field status)" completed

# ---- 10. what happened, and how sales stand
call GET "/orders/$id/history"
events=$(grep -o '"event":"[^"]*"' <<<"$answer" | cut -d'"' -f4 | sort)
is "$(wc -l <<<"$events" | tr -d ' ')" 10
echo "$events"
call GET '/orders?status=completed,delivered&sort=-gross&limit=2&expand=customer&include=total_count'
cursor=$(field next_cursor)
call GET "/orders?status=completed,delivered&sort=-gross&limit=2&expand=customer&cursor=$cursor"
is "$code" 200
call GET '/reports/sales-summary?group_by=month&currency=CNY'
is "$(field measure)" booked_sales
echo "$answer"

# ---- done
echo 'Everything was as it should be.'

#!/usr/bin/env bash
# seeds.sh URL: runs what five documents of Peatio and Barong tell their readers to
# run, against the sandbox at URL, and checks every answer. The commands are as they
# stand there but for scheme, host, port and values.
#
# 000  an order by curl: session, API key, order (Barong and Peatio 1.8)
# 001  "API Keys" (Barong 1.8)
# 002  "Barong API keys creation and usage" (Barong 2.x), as a text
# 003  the same as a page
# 004  "Peatio WebSocket API" (Peatio 1.8)
#
# JWT_PRIVATE_KEY must be what the sandbox signs with: the client of 004 makes its
# own token. Needs curl, date, httpie, jq, ruby, ruby-jwt, ruby-activesupport and
# ruby-websocket.
# shellcheck disable=SC2016 # the variables in '' are those of jq
set -euo pipefail

[[ $# -eq 1 ]] || { echo "usage: ${0##*/} URL" >&2; exit 2; }
: "${JWT_PRIVATE_KEY:?must be the private key of the sandbox}"
url=${1%/}
address=${url#http://}
here=$(cd "$(dirname "$0")" && pwd)
peers=$here/../peers
patience=30 # seconds that anything may take

step=
status= # of the last answer
client= # id of the client of 004
work=$(mktemp -d)
answer=$work/answer # body of the last answer
export HTTPIE_CONFIG_DIR=$work # the sessions of httpie

cleanup() {
  [[ $? -eq 0 ]] || echo "${0##*/}: not done: $step" >&2
  [[ -z $client ]] || kill "$client" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT

step() {
  step=$1
  echo "$step"
}

# fail says what is wrong with the last answer.
fail() {
  { echo "$1"; [[ ! -e $answer ]] || cat "$answer"; echo; } >&2
  exit 1
}

# curl and http are the programs of these names, but leave status and answer behind.
curl() {
  status=$(command curl -sS --max-time "$patience" -o "$answer" -w '%{http_code}' "$@") || fail "curl got no answer"
}

http() {
  command http --ignore-stdin --timeout "$patience" --pretty=none --print=hb "$@" >"$work/reply" || fail "http got no answer"
  status=$(awk 'NR == 1 { print $2 }' "$work/reply")
  sed '1,/^\r*$/d' "$work/reply" >"$answer"
}

# expect checks the last answer: expect STATUS JQ-FILTER [JQ-ARGUMENT...]
expect() {
  [[ $status == "$1" ]] || fail "status $status, want $1"
  holds "${@:2}"
}

# holds checks that a filter is true of the last answer: holds JQ-FILTER [JQ-ARGUMENT...]
holds() { jq -e "${@:2}" "$1" "$answer" >/dev/null || fail "the answer is not as it must be: $1"; }

# field prints a field of the last answer.
field() { jq -er "$1" "$answer"; }

# user sets who acts, the N-th of the sandbox's users: user N
user() {
  curl "$url/sandbox/users"
  expect 200 '.users | length > 1'
  email=$(field ".users[$1].email")
  password=$(field ".users[$1].password")
  uid=$(field ".users[$1].uid")
}

# otp prints the user's TOTP code of now.
otp() { command curl -sS --fail --max-time "$patience" "$url/sandbox/totp/$email"; }

# key_pair sets private_key and public_key, as 000 and 001 make them.
key_pair() {
  local printed
  printed=$(ruby -e "require 'openssl'; require 'base64'; OpenSSL::PKey::RSA.generate(2048).tap { |p| puts '', 'PRIVATE RSA KEY (URL-safe Base64 encoded, PEM):', '', Base64.urlsafe_encode64(p.to_pem), '', 'PUBLIC RSA KEY (URL-safe Base64 encoded, PEM):', '', Base64.urlsafe_encode64(p.public_key.to_pem) }")
  private_key=$(sed -n 4p <<<"$printed")
  public_key=$(sed -n 8p <<<"$printed")
}

# sign sets jwt_token, as 000 and 001 make it.
sign() { jwt_token=$(sed "s/'private_key'/'$private_key'/" "$here/api_key_jwt.rb" | ruby); }

# What a JWT, a time, an API key of 1.8 and an order to buy look like.
jwt='test("^[\\w-]+\\.[\\w-]+\\.[\\w-]+$")'
time='test("^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$")'
api_key='(.uid | length > 0) and .public_key == $key and .scopes == "peatio" and .expires_in == 86400 and .state == "active"'
buy='(.id | type) == "number" and .side == "buy" and .ord_type == "limit" and (.created_at | '"$time)"

user 0

step "000, 1: a session token"
curl -X POST -d "{\"email\":\"$email\", \"password\": \"$password\", \"application_id\": \"any\", \"otp_code\":\"$(otp)\"}" -H "Content-Type: application/json" "$url/api/v1/sessions"
expect 201 "$jwt"
jwt_access_token=$(field .)

step "000, 3: a key pair, which 2 needs"
key_pair

step "000, 2: an API key"
curl -X POST -H 'Content-Type: application/json' -H "Authorization: Bearer $jwt_access_token" -d "{\"public_key\":\"$public_key\", \"totp_code\":\"$(otp)\", \"scopes\":\"peatio\"}" "$url/api/v1/api_keys"
expect 201 "$api_key" --arg key "$public_key"
kid=$(field .uid)

step "000, 3: the API keys"
curl -X GET -H "Authorization: Bearer $jwt_access_token" "$url/api/v1/api_keys?totp_code=$(otp)"
expect 200 'map(select(.uid == $kid and .public_key == $key)) | length == 1' --arg kid "$kid" --arg key "$public_key"

step "000, 4: a payload signed with the private key"
sign

step "000, 4: a token for the API"
curl -X POST -H 'Content-Type: application/json' -d "{\"kid\":\"$kid\", \"jwt_token\":\"$jwt_token\"}" "$url/api/v1/sessions/generate_jwt"
expect 200 ".token | $jwt"
jwt_api_token=$(field .token)

step "000, 5: an order, with the data of the example"
curl -X POST -H 'Content-Type: application/json' -H "Authorization: Bearer $jwt_api_token" -d '{"market":"btcusd", "side":"buy", "volume":"12.5", "price":"2014"}' "$url/api/v2/orders"
expect 201 "$buy"' and .market == "btcusd" and .state == "wait" and .volume == "12.5" and .price == "2014.0"'

step "001, 1: a key pair"
key_pair

step "001, 1: an API key"
curl -X POST -H 'Content-Type: application/json' -H "Authorization: Bearer $jwt_access_token" -d "{\"public_key\":\"$public_key\", \"totp_code\":\"$(otp)\", \"scopes\":\"peatio\"}" "$url/api/v1/api_keys"
expect 201 "$api_key" --arg key "$public_key"
kid=$(field .uid)

step "001, 2: a signed payload" # its text is that of 000 but for a quote that it lacks, and puts
sign

step "001, 2 and 3: a token for the API"
curl -X POST -H 'Content-Type: application/json' -d "{\"kid\":\"$kid\", \"jwt_token\":\"$jwt_token\"}" "$url/api/v1/sessions/generate_jwt"
expect 200 ".token | $jwt"
jwt_api_token=$(field .token)

step "001, 4: the token is good" # the document has no command for it
curl -H "Authorization: Bearer $jwt_api_token" "$url/api/v2/members/me"
expect 200 '.sn == $uid' --arg uid "$uid"

# balances checks the answer that 002 and 003 ask for.
balances() {
  expect 200 'length > 0 and all(.[]; (.currency | length > 0) and ([.balance, .locked] | all(test("^[0-9]+\\.[0-9]+$"))))'
}

# sample prints the nonce and the signature of the documents' Ruby sample: sample
# NONCE ACCESS-KEY SECRET-KEY, where NONCE is Ruby.
sample() {
  ruby -ropenssl -e "
    nonce = $1 # timestamp in milliseconds, ex: 1584524005143
    access_key = '$2' # Access Key from 'How to create API key section ?'
    secret_key = '$3' # Secret Key from 'How to create API key section ?'
    puts nonce, OpenSSL::HMAC.hexdigest(\"SHA256\", secret_key, nonce + access_key)"
}

# signed asks for the balances, and is false where the nonce's five seconds were over
# before httpie sent it, as they may be on a busy machine: signed NONCE
signed() {
  local headers
  mapfile -t headers < <(sample "$1" "$access_key" "$secret_key")
  http "$url/api/v2/peatio/account/balances" \
    "X-Auth-Apikey: $access_key" \
    "X-Auth-Nonce: ${headers[0]}" \
    "X-Auth-Signature: ${headers[1]}"
  [[ $status != 401 ]] || ((++late == 10)) || ! jq -e '.errors == ["authz.nonce_expired"]' "$answer" >/dev/null
}
late=0

# barong2 runs 002 or 003, for the user: barong2 DOCUMENT
barong2() {
  step "$1: a session"
  http --session barong_session "$url/api/v2/barong/identity/sessions" \
    email="$email" password="$password" otp_code="$(otp)"
  expect 200 '. as $shown | (["created_at", "csrf_token", "data", "data_storages", "email", "labels", "level", "otp", "phones",
    "profiles", "referral_uid", "role", "state", "uid", "updated_at"] | all(. as $name | $shown | has($name)))
    and .email == $email and .uid == $uid and .otp and .state == "active" and .role == "member" and (.level | type) == "number"
    and (.csrf_token | test("^[0-9a-f]{20}$")) and .data == "{\"language\":\"en\"}" and .labels[0].value == "verified"' \
    --arg email "$email" --arg uid "$uid"
  csrf_token=$(field .csrf_token)

  step "$1: the session is good"
  http --session barong_session "$url/api/v2/peatio/account/balances"
  balances

  step "$1: an API key"
  http --session barong_session "$url/api/v2/barong/resource/api_keys" \
    algorithm=HS256 totp_code="$(otp)" x-csrf-token:"$csrf_token"
  expect 201 '.algorithm == "HS256" and (.kid | test("^[0-9a-f]{16}$")) and .scope == [] and .state == "active"
    and (.secret.data.value | test("^[0-9a-f]{32}$"))
    and (.secret | del(.data)) == {auth: null, lease_duration: 2764800, lease_id: "", metadata: null, renewable: false, warnings: null, wrap_info: null}
    and .created_at == .updated_at'
  access_key=$(field .kid)
  secret_key=$(field .secret.data.value)

  step "$1: the example of a signature"
  [[ $(sample "'1584524005143'" 61d025b8573501c2 2d0b4979c7fe6986daa8e21d1dc0644f) == *$'\n'bd42b945e095880e28d046846dbecf655fdf09d95a396a24fe6fe1df42f15d13 ]]

  step "$1: a request signed with a nonce of date's"
  until signed "'$(date +%s%3N)'"; do :; done
  balances

  step "$1: a request signed with a nonce of the sample's"
  until signed '(Time.now.to_f * 1000).to_i.to_s'; do :; done
  balances
}

barong2 002
user 1
barong2 003

# The program that 004 starts is what the sandbox has in it.
step "004: the client code sample"
user 0
sed -n '/^### Client code sample$/,$ { /^```ruby$/,/^```$/ { /^```/! p } }' "$peers/websocket_api.md" |
  sed -e "s/'test@gmail.com', 3/'$uid', 3/" -e "s/'test@gmail.com'/'$email'/" >"$work/client.rb"
coproc SAMPLE {
  JWT_ALGORITHM=RS256 WS_HOST=${address%:*} WS_PORT=${address##*:} \
    exec ruby -I "$peers/lib" -r "$peers/prelude.rb" "$work/client.rb"
}
client=$SAMPLE_PID # the script ends in a busy loop
exec 3<&"${SAMPLE[0]}"

# message checks the next line that the client prints: message JQ-FILTER [JQ-ARGUMENT...]
message() {
  local line
  IFS= read -r -t "$patience" -u 3 line || fail "the client prints nothing more"
  printf '%s\n' "$line" >"$answer"
  holds "$@"
}

message '.challenge | length == 54'
message '. == {success: {message: "Authenticated."}}'

step "004: somebody sells, by the session of 003, where nobody else does"
http --session barong_session "$url/api/v2/peatio/market/orders" \
  market=btcusd side=sell volume=0.01 price=70000 x-csrf-token:"$csrf_token"
expect 201 '.side == "sell"'

step "004: an order as in 000, 5"
curl -X POST -H 'Content-Type: application/json' -H "Authorization: Bearer $jwt_api_token" -d '{"market":"btcusd", "side":"buy", "volume":"0.01", "price":"70000"}' "$url/api/v2/orders"
expect 201 "$buy"' and .market == "btcusd" and .volume == "0.01"'
id=$(field .id)

step "004: the order on the socket"
message ".orderbook | $buy"' and .id == $id and .price == "70000.0" and .avg_price == "0.0" and .state == "wait"
  and .market_id == "btcusd" and .origin_volume == "0.01" and .trades_count == 0' --argjson id "$id"

step "004: its trades on the socket, and its end" # as many trades as it takes
for ((trades = 1; ; trades++)); do
  message '.trade | (.id | type) == "number" and ([.price, .volume, .funds] | all(test("^[0-9]+\\.[0-9]+$"))) and .market_id == "btcusd"
    and (.created_at | '"$time"') and .side == "bid" and .order_id == $id and .bid.id == $id and (has("ask") | not)' --argjson id "$id"
  message '.orderbook | .id == $id and .trades_count == $trades and (.state | IN("wait", "done"))' --argjson id "$id" --argjson trades "$trades"
  [[ $(field .orderbook.state) == wait ]] || break
done

echo "all of it works"

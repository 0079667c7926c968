#!/bin/sh
# Asks the platform as an institution, with curl and openssl.
# sh sign_request.sh http://127.0.0.1:8080 his var/secrets/institution-his GetPayment '{"number": "7Q4-8XK9"}'
set -eu
base=$1 institution=$2 secret=$(cat "$3") path=/api/v1/$4 body=$5 key=${6-}

timestamp=$(date +%s)
nonce=$(openssl rand -hex 16)
digest=$(printf %s "$body" | openssl dgst -sha256 -r | cut -d' ' -f1)
signature=$(printf 'POST\n%s\n%s\n%s\n%s' "$path${key:+;$key}" "$timestamp" "$nonce" "$digest" |
  openssl dgst -sha256 -hmac "$secret" -r | cut -d' ' -f1)

exec curl -sS --max-time 10 "$base$path" --data-binary "$body" \
  -H 'Content-Type: application/json' -H "Idempotency-Key: $key" \
  -H "X-Yinyi-Institution: $institution" -H "X-Yinyi-Timestamp: $timestamp" \
  -H "X-Yinyi-Nonce: $nonce" -H "X-Yinyi-Signature: $signature"

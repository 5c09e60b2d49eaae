#!/usr/bin/env bash
# Upload the file KEY to the bucket with SSE-C, by the aws CLI.
#
# The same job in one line:
#
#     ssec put
#
# Settings stand in ./.env; the file is looked for in the current folder.
# Mind that the customer key is on the command line here: others on the machine can read it there.
set -euo pipefail

# shellcheck source=/dev/null
source ./.env

options=(
  --bucket "${BUCKET_NAME:?is missing in .env}"
  --key "${KEY:?is missing in .env}"
  --body "$KEY"
  --sse-customer-algorithm AES256
  --sse-customer-key "${SSE_CUSTOMER_KEY_BASE64:?is missing in .env}"
  --sse-customer-key-md5 "${SSE_CUSTOMER_KEY_MD5:?is missing in .env}"
)
if [ -n "${PROFILE:-}" ]; then options+=(--profile "$PROFILE"); fi
# Older releases of the aws CLI do not read this variable by themselves.
if [ -n "${AWS_ENDPOINT_URL:-}" ]; then options+=(--endpoint-url "$AWS_ENDPOINT_URL"); fi

echoed=$(aws s3api put-object "${options[@]}" --query SSECustomerKeyMD5 --output text)

# A server that ignores the key succeeds too, but does not repeat the key's digest.
if [ "$echoed" != "$SSE_CUSTOMER_KEY_MD5" ]; then
  echo 'the server did not encrypt with the customer key' >&2
  exit 1
fi
printf 's3://%s/%s\n' "$BUCKET_NAME" "$KEY"

#!/usr/bin/env bash
# Download the SSE-C object KEY into tmp/ under a new name, by the aws CLI, and print the path.
#
# The same job in one line:
#
#     ssec get
#
# Settings stand in ./.env; tmp/ is made in the current folder.
# Mind that the customer key is on the command line here: others on the machine can read it there.
set -euo pipefail
umask 077

# shellcheck source=/dev/null
source ./.env

options=(
  --bucket "${BUCKET_NAME:?is missing in .env}"
  --key "${KEY:?is missing in .env}"
  --sse-customer-algorithm AES256
  --sse-customer-key "${SSE_CUSTOMER_KEY_BASE64:?is missing in .env}"
  --sse-customer-key-md5 "${SSE_CUSTOMER_KEY_MD5:?is missing in .env}"
)
if [ -n "${PROFILE:-}" ]; then options+=(--profile "$PROFILE"); fi
# Older releases of the aws CLI do not read this variable by themselves.
if [ -n "${AWS_ENDPOINT_URL:-}" ]; then options+=(--endpoint-url "$AWS_ENDPOINT_URL"); fi

name=${KEY##*/}
case $name in
  ?*.*) extension=.${name##*.} ;;
  *) extension= ;;
esac
mkdir -p tmp
target=tmp/$(uuidgen)$extension

# The output file comes after the options; what is left of a failed download goes.
if ! aws s3api get-object "${options[@]}" "$target" >/dev/null; then
  rm -f -- "$target"
  exit 1
fi
printf '%s\n' "$target"

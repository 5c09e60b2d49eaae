#!/usr/bin/env bash
# Runs a command with a fresh Ceph RGW at hand, by default the tests that want one.
#
#   run.sh [COMMAND [ARGUMENT...]]
#
# The command finds the server in SSEC_TEST_ENDPOINT, SSEC_TEST_CA_FILE, SSEC_TEST_REGION,
# SSEC_TEST_ACCESS_KEY_ID, SSEC_TEST_SECRET_ACCESS_KEY and SSEC_TEST_HTTP_ENDPOINT (plain http);
# SSEC_TEST_SERVER is "rgw". The exit code is the command's. Server and data are gone afterwards.
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
[ $# -gt 0 ] || set -- npx vitest run --config vitest.rgw.config.ts

"$here/rgw.sh" install
dir=$(mktemp -d "${TMPDIR:-/tmp}/ssec-rgw.XXXXXX")
child=

# Whatever ends us: end the command first, then the server.
# shellcheck disable=SC2317 # reached through the traps
clean_up() {
  trap - EXIT INT TERM HUP
  if [ -n "$child" ]; then
    kill -TERM "$child" 2>/dev/null || true
    wait "$child" 2>/dev/null || true
  fi
  "$here/rgw.sh" wipe "$dir"
}
trap clean_up EXIT
trap 'clean_up; exit 129' HUP
trap 'clean_up; exit 130' INT
trap 'clean_up; exit 143' TERM

"$here/rgw.sh" start "$dir"

# In a subshell: the tests set the AWS variables themselves, each its own.
settings=$(
  eval "$("$here/rgw.sh" env "$dir")"
  printf 'export SSEC_TEST_%s=%q\n' \
    ENDPOINT "$AWS_ENDPOINT_URL" HTTP_ENDPOINT "$RGW_HTTP_URL" CA_FILE "$AWS_CA_BUNDLE" \
    REGION "$AWS_REGION" ACCESS_KEY_ID "$AWS_ACCESS_KEY_ID" SECRET_ACCESS_KEY "$AWS_SECRET_ACCESS_KEY"
)
eval "$settings"
export SSEC_TEST_SERVER=rgw

# In the background, so that a signal is dealt with at once; stdin stays the caller's.
status=0
"$@" <&0 &
child=$!
wait "$child" || status=$?
child=
exit "$status"

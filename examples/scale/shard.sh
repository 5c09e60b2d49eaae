#!/usr/bin/env bash
# One share of a rotation: what each job of an AWS Batch array, and each pod of an indexed Kubernetes Job, runs.
# The exit code is that of `ssec rekey`: 0 all done, 3 some objects failed, else nothing more was tried.
set -euo pipefail
umask 077

: "${MANIFEST:?s3://BUCKET/KEY of the manifest}"
: "${RESULTS:?s3://BUCKET/PREFIX for the results, without a slash at the end}"
: "${SHARDS:?how many shares there are: the size of the array, or completions}"
# both count from 0, as --shard does
shard=${AWS_BATCH_JOB_ARRAY_INDEX:-${JOB_COMPLETION_INDEX:?neither in an array job nor in an indexed one}}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The key ring: from files that are mounted, else from variables, which are gone before ssec is started.
export SSEC_KEYRING=${SSEC_KEYRING:-$work/keys}
mkdir -p "$SSEC_KEYRING"
for name in old new; do
  if [[ -n ${KEYS_FOLDER:-} ]]; then
    cat "$KEYS_FOLDER/$name.key" >"$SSEC_KEYRING/$name.key"
  else
    variable=${name^^}_KEY
    printf '%s\n' "${!variable:?the key in base64, or KEYS_FOLDER}" >"$SSEC_KEYRING/$name.key"
  fi
done
unset OLD_KEY NEW_KEY

# The manifest is not SSE-C: no key. With pipefail, a download that breaks off is no success. What the rotation says on
# stderr is kept besides: the failures, a JSON object each.
status=0
SSE_CUSTOMER_KEY_BASE64='' ssec get "$MANIFEST" --quiet -o - |
  { ssec rekey --manifest - --shard "$shard/$SHARDS" --from old --to new --json 2>&1 >"$work/done.ndjson"; } |
  tee "$work/failed.ndjson" >&2 || status=$?

# What was done and what was not, whichever way it ended. A later attempt replaces both.
name=$(printf '%06d' "$shard")
for kind in 'done' failed; do
  ssec put "$work/$kind.ndjson" "$RESULTS/$kind/$name.ndjson" --key-name new >/dev/null ||
    { code=$? && ((status != 0)) || status=$code; }
done
exit "$status"

#!/usr/bin/env bash
# A real S3 server on 127.0.0.1 for the tests: Ceph RADOS Gateway over one monitor and one OSD.
#
#   rgw.sh install     install with apt-get what is missing: Ceph, aws CLI, boto3, rclone
#   rgw.sh start DIR   make a new cluster in DIR (absent or empty) and start it
#   rgw.sh env DIR     print shell exports for S3 clients: eval "$(rgw.sh env DIR)"
#   rgw.sh stop DIR    stop the daemons (a stopped cluster is not started again: wipe it)
#   rgw.sh wipe DIR    stop them and remove DIR
#
# All listens on 127.0.0.1 alone, on free ports. Data lie in one sparse file in DIR, so DIR must be on a
# disk, with some 100 MiB and room for what the tests store at a time. No privilege is needed except to install.
set -euo pipefail
umask 077

capacity_gib=64 # of the sparse file: an upper limit, taken from the disk as it fills
access_key=SSECTESTACCESSKEY000
secret_key=ssecTestSecretKey/0000000000000000000001

say() { printf 'rgw.sh: %s\n' "$*" >&2; }
die() {
  say "$*"
  exit 1
}

# ---- install ----------------------------------------------------------------------------------------

missing_packages() {
  command -v ceph-mon >/dev/null || echo ceph-mon
  command -v ceph-osd >/dev/null || echo ceph-osd
  command -v radosgw >/dev/null || echo radosgw
  command -v ceph >/dev/null && command -v radosgw-admin >/dev/null && command -v monmaptool >/dev/null ||
    echo ceph-common
  command -v openssl >/dev/null || echo openssl
  # The distribution's own, whatever else comes first on PATH: the tests want these versions.
  [ -x /usr/bin/aws ] || echo awscli
  /usr/bin/python3 -c 'import boto3' 2>/dev/null || echo python3-boto3
  [ -x /usr/bin/rclone ] || echo rclone
}

cmd_install() {
  local missing as_root=()
  mapfile -t missing < <(missing_packages)
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null ||
    die "this machine has no apt-get; install by hand what is missing (Debian's names): ${missing[*]}"
  if [ "$(id -u)" != 0 ]; then
    as_root=(sudo -n)
    sudo -n true 2>/dev/null || die "root is needed to install: apt-get install ${missing[*]}"
  fi
  say "installing ${missing[*]}"
  as_root+=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300)
  "${as_root[@]}" update >&2
  "${as_root[@]}" install -y --no-install-recommends "${missing[@]}" >&2
  mapfile -t missing < <(missing_packages)
  [ ${#missing[@]} = 0 ] || die "still missing after the installation: ${missing[*]}"
}

# ---- start ------------------------------------------------------------------------------------------

is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Prints a free port from below the range that the kernel gives to outgoing connections.
free_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 12000))
    is_free "$port" && break
  done
  echo "$port"
}

# A throw-away authority, and a certificate of its for localhost and 127.0.0.1.
make_certificate() {
  local ec=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
  mkdir "$dir/tls"
  openssl req -x509 "${ec[@]}" -days 30 -subj '/CN=ssec test authority' -config /dev/null \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign \
    -keyout "$dir/tls/ca.key" -out "$dir/tls/ca.pem" 2>/dev/null
  openssl req "${ec[@]}" -subj /CN=localhost -config /dev/null \
    -keyout "$dir/tls/server.key" -out "$dir/tls/server.csr" 2>/dev/null
  openssl x509 -req -in "$dir/tls/server.csr" -days 30 -CA "$dir/tls/ca.pem" -CAkey "$dir/tls/ca.key" \
    -CAcreateserial -out "$dir/tls/server.pem" 2>/dev/null -extfile <(
      echo subjectAltName=DNS:localhost,IP:127.0.0.1
      echo basicConstraints=critical,CA:FALSE
      echo extendedKeyUsage=serverAuth
    )
}

# One copy of everything and no authentication between the daemons: they see the loopback only.
write_config() { # MON_PORT HTTP_PORT HTTPS_PORT
  cat >"$dir/ceph.conf" <<CONF
[global]
fsid = $(</proc/sys/kernel/random/uuid)
mon initial members = a
mon host = [v2:127.0.0.1:$1]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind msgr1 = false
ms crc data = false
auth cluster required = none
auth service required = none
auth client required = none
# radosgw insists on the "secure" mode, which does not exist without authentication.
ms mon client mode = crc
run dir = $dir/run
admin socket =
crash dir = $dir/log
log file = $dir/log/\$name.log
mon cluster log file = $dir/log/cluster.log

[mon]
mon data = $dir/mon
mon data avail crit = 0
mon allow pool size one = true
paxos propose interval = 0.05
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pgp num = 8
osd pool default pg autoscale mode = off

[osd]
osd data = $dir/osd
osd memory target = 1073741824
bluestore block create = true
bluestore block size = $((capacity_gib << 30))
# Room that was given back is used again before the file grows.
bluestore avl alloc bf free pct = 100

[client]
rgw data = $dir/rgw
# tcp_nodelay: without it Nagle's algorithm puts 40 ms into every small request.
rgw frontends = beast tcp_nodelay=1 endpoint=127.0.0.1:$2 ssl_endpoint=127.0.0.1:$3 ssl_certificate=$dir/tls/server.pem ssl_private_key=$dir/tls/server.key
# What is deleted or overwritten gives its room back after seconds; the default is hours.
rgw gc obj min wait = 2
rgw gc processor period = 2
rgw gc processor max time = 2
CONF
}

launch() { # NAME PROGRAM [ARGUMENT...] : a daemon in its own session, its pid in run/NAME.pid
  local name=$1
  shift
  setsid "$@" -f -c "$dir/ceph.conf" </dev/null >>"$dir/log/$name.out" 2>&1 &
  echo $! >"$dir/run/$name.pid"
}

wait_for() { # WHAT COMMAND... : until COMMAND succeeds, half a minute at most
  local what=$1 end=$((SECONDS + 30))
  shift
  until "$@" >>"$dir/log/wait.out" 2>&1; do
    [ $SECONDS -lt $end ] || {
      tail -n 5 "$dir"/log/* >&2
      die "$what does not come up; see $dir/log"
    }
    sleep 0.1
  done
}

quiet() { # COMMAND... : its output is shown only when it fails
  "$@" >>"$dir/log/setup.out" 2>&1 || {
    tail -n 20 "$dir/log/setup.out" >&2
    die "failed: $*"
  }
}

cluster() { ceph -c "$dir/ceph.conf" --connect-timeout 10 "$@"; }
osd_is_up() { cluster osd stat -f json | grep -q '"num_up_osds":1'; }
is_listening() { ! is_free "$1"; }

cmd_start() {
  local mon_port http_port https_port osd_uuid
  [ -z "$(ls -A "$dir" 2>/dev/null)" ] || die "$dir is not empty: wipe it, or name another folder"
  case $dir in *[[:space:]\;\#]*) die "no spaces, ; or # in the folder's name, please: $dir" ;; esac
  for program in ceph-mon ceph-osd radosgw radosgw-admin monmaptool ceph openssl; do
    command -v "$program" >/dev/null || die "$program is missing: run 'rgw.sh install'"
  done

  mkdir -p "$dir"/{mon,osd,rgw,run,log}
  mon_port=$(free_port)
  until http_port=$(free_port) && [ "$http_port" != "$mon_port" ]; do :; done
  until https_port=$(free_port) && [ "$https_port" != "$mon_port" ] && [ "$https_port" != "$http_port" ]; do :; done
  printf 'http_port=%s\nhttps_port=%s\n' "$http_port" "$https_port" >"$dir/ports"
  make_certificate
  write_config "$mon_port" "$http_port" "$https_port"

  # The monitor: an empty map of itself, its store, the daemon.
  quiet monmaptool --create --addv a "[v2:127.0.0.1:$mon_port]" -c "$dir/ceph.conf" "$dir/monmap"
  quiet ceph-mon --mkfs -i a --monmap "$dir/monmap" -c "$dir/ceph.conf"
  launch mon ceph-mon -i a

  # The OSD: its store, its number, the daemon.
  osd_uuid=$(</proc/sys/kernel/random/uuid)
  quiet ceph-osd --mkfs -i 0 --osd-uuid "$osd_uuid" -c "$dir/ceph.conf"
  wait_for 'the monitor' cluster osd new "$osd_uuid" 0
  launch osd ceph-osd -i 0
  wait_for 'the OSD' osd_is_up

  # The gateway: one user, the daemon.
  quiet radosgw-admin user create --uid=ssec --display-name=ssec --access-key="$access_key" \
    --secret-key="$secret_key" -n client.admin -c "$dir/ceph.conf"
  launch rgw radosgw -n client.rgw
  wait_for 'the gateway' is_listening "$https_port"
  say "https://127.0.0.1:$https_port"
}

# ---- env, stop, wipe --------------------------------------------------------------------------------

cmd_env() {
  local http_port https_port name
  [ -r "$dir/ports" ] || die "nothing was started in $dir"
  # shellcheck source=/dev/null
  . "$dir/ports"
  declare -A exports=(
    [AWS_ACCESS_KEY_ID]=$access_key
    [AWS_SECRET_ACCESS_KEY]=$secret_key
    [AWS_REGION]=us-east-1
    [AWS_DEFAULT_REGION]=us-east-1
    [AWS_ENDPOINT_URL]=https://127.0.0.1:$https_port
    [AWS_ENDPOINT_URL_S3]=https://127.0.0.1:$https_port
    [AWS_CA_BUNDLE]=$dir/tls/ca.pem
    # Keep out what the user has set up for other servers.
    [AWS_CONFIG_FILE]=/dev/null
    [AWS_SHARED_CREDENTIALS_FILE]=/dev/null
    [AWS_EC2_METADATA_DISABLED]=true
    [NO_PROXY]=127.0.0.1
    # This server does not understand the checksum trailers that newer aws CLI and boto3 send.
    [AWS_REQUEST_CHECKSUM_CALCULATION]=when_required
    [AWS_RESPONSE_CHECKSUM_VALIDATION]=when_required
    # Not of AWS: the plain listener, on which SSE-C is refused.
    [RGW_HTTP_URL]=http://127.0.0.1:$http_port
  )
  for name in "${!exports[@]}"; do printf 'export %s=%q\n' "$name" "${exports[$name]}"; done | sort
  echo 'unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SESSION_TOKEN'
}

is_ours() { # PID : alive, and started by us for this folder (pids are reused)
  tr '\0' ' ' 2>/dev/null <"/proc/$1/cmdline" | grep -qF -- "-c $dir/ceph.conf"
}

cmd_stop() {
  local name pid tries
  for name in rgw osd mon; do
    [ -s "$dir/run/$name.pid" ] || continue
    pid=$(<"$dir/run/$name.pid")
    tries=0
    while is_ours "$pid"; do
      # A second TERM does no harm; after 10 s it is KILL.
      if [ $tries -lt 100 ]; then kill -TERM "$pid" 2>/dev/null || true; else kill -KILL "$pid" 2>/dev/null || true; fi
      tries=$((tries + 1))
      [ $tries -lt 150 ] || die "$name (pid $pid) does not end"
      sleep 0.1
    done
    rm -f "$dir/run/$name.pid"
  done
}

cmd_wipe() {
  [ -e "$dir" ] || return 0
  [ -e "$dir/ceph.conf" ] || [ -z "$(ls -A "$dir")" ] || die "$dir was not made by rgw.sh: left alone"
  cmd_stop
  rm -rf "$dir"
}

case ${1:-} in
  install) cmd_install ;;
  start | env | stop | wipe)
    [ -n "${2:-}" ] || die "$1 needs a folder"
    dir=$(realpath -m -- "$2")
    "cmd_$1"
    ;;
  *)
    sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0" >&2
    exit 2
    ;;
esac

#!/usr/bin/env bash
# A container engine for tests, on a bare Debian 12 as root. Sourced:
#
#   . .ci/engine.sh
#   trap engine_stop EXIT
#   engine_start
#
# engine_start uses the engine that DOCKER_HOST (or the default socket) reaches; where there is
# none it starts dockerd, and engine_stop stops only what engine_start started. Images and layers
# stay in RABTA_CI_CACHE, so a second run finds them.

RABTA_CI_CACHE=${RABTA_CI_CACHE:-/var/tmp/rabta-ci}
engine_home=$RABTA_CI_CACHE/engine
engine_pid=''

# The reaper's image is in a registry that cannot be assumed, and a machine that is itself a
# container must be told where published ports appear.
engine_environment() {
  export TESTCONTAINERS_RYUK_DISABLED=true
  export TESTCONTAINERS_HOST_OVERRIDE=127.0.0.1
}

engine_answers() {
  command -v docker >/dev/null && timeout 10 docker version >/dev/null 2>&1
}

engine_start() {
  engine_environment
  engine_answers && return 0
  # Two daemons on one data folder would corrupt it: join the one that runs there.
  export DOCKER_HOST=unix://$engine_home/socket
  engine_answers && return 0
  engine_install && engine_launch
}

engine_install() {
  command -v dockerd >/dev/null && command -v docker >/dev/null &&
    command -v iptables >/dev/null && command -v debootstrap >/dev/null && return 0
  [ "$(id -u)" = 0 ] || {
    echo 'engine: no container engine answers, and installing one needs root' >&2
    return 1
  }
  DEBIAN_FRONTEND=noninteractive apt-get update -qq &&
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
      docker.io iptables debootstrap ca-certificates >/dev/null
}

engine_launch() {
  mkdir -p "$engine_home" || return 1
  engine_forward_policy=$(iptables -S FORWARD 2>/dev/null | sed -n 's/^-P FORWARD //p')
  dockerd --data-root "$engine_home/data" --exec-root "$engine_home/exec" \
    -p "$engine_home/pid" -H "$DOCKER_HOST" >"$engine_home/dockerd.log" 2>&1 </dev/null &
  engine_pid=$!
  local tries
  for tries in $(seq 300); do
    engine_answers && engine_sweep && return 0
    kill -0 "$engine_pid" 2>/dev/null || break
    sleep 0.1
  done
  echo "engine: dockerd did not start after $tries tries; its last words:" >&2
  tail -n 5 "$engine_home/dockerd.log" >&2
  engine_stop
  return 1
}

# What a run that was killed left behind: nobody else uses an engine that was not running.
engine_sweep() {
  docker ps --all --quiet | xargs --no-run-if-empty docker rm --force --volumes >/dev/null
  docker network prune --force >/dev/null
}

# By its pid, never by name: the machine may run another engine. A bare `wait` would also wait
# for whatever else the caller has started.
engine_stop() {
  [ -n "$engine_pid" ] || return 0
  kill "$engine_pid" 2>/dev/null || :
  wait "$engine_pid" 2>/dev/null || :
  engine_pid=''
  # The host's network namespace stays mounted there.
  umount "$engine_home/exec/netns/default" 2>/dev/null || :
  rm -rf "$engine_home/exec" "$engine_home/socket" "$engine_home/pid" || :
  ip link delete docker0 2>/dev/null || :
  # dockerd leaves the machine forwarding nothing.
  iptables -P FORWARD "${engine_forward_policy:-ACCEPT}" 2>/dev/null || :
}

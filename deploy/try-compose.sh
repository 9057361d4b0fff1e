#!/usr/bin/env bash
# Brings deploy/compose.yaml up, sends an alert through it, reads it, checks a checkpoint, takes Redis
# away and brings it back, and takes everything down again, data included. Needs Docker with Compose v2 (RABTA_COMPOSE names the
# program where it is no plug-in), and `npm ci`. RABTA_BASE_IMAGE is the image's base.
set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export COMPOSE_PROJECT_NAME=rabta-try
export RABTA_IMAGE=${RABTA_IMAGE:-rabta:try}
export RABTA_GATEWAY_PORT=${RABTA_GATEWAY_PORT:-18700}
export RABTA_AUDIT_PORT=${RABTA_AUDIT_PORT:-18701}

compose() { ${RABTA_COMPOSE:-docker compose} --file deploy/compose.yaml "$@"; }

home=$(mktemp -d)
cleanup() {
  compose down --volumes
  rm -rf "$home"
}
trap cleanup EXIT

# The builder of old engines, which needs no plug-in, serves too; --network host: a bridge may have
# no way out.
docker build --quiet --network host --build-arg "BASE=${RABTA_BASE_IMAGE:-debian:bookworm-slim}" \
  --file deploy/Dockerfile --tag "$RABTA_IMAGE" .
compose up --detach --wait --no-build
compose cp gateway:/var/lib/rabta "$home/rabta"

gateway=http://127.0.0.1:$RABTA_GATEWAY_PORT
audit=http://127.0.0.1:$RABTA_AUDIT_PORT
rabta() { bin/rabta "$@" --home "$home/rabta" --gateway "$gateway"; }

health() { node --eval "fetch('$gateway/health/ready').then((answer) => answer.text()).then(console.log)"; }
[[ $(health) == *'"status":"ready"'* ]]
rabta publish docs/examples/draft.json --as ctd-kp/duty-officer
feed=''
for _ in $(seq 50); do
  feed=$(rabta feed --as nacta/coordinator --audit "$audit" 2>/dev/null)
  [[ $feed == *ctd-kp/* ]] && break
  sleep 0.1
done
printf '%s\n' "$feed"
[[ $feed == *ctd-kp/* ]]
rabta access-log checkpoint --as ctd-kp/security-officer --audit "$audit"

# Without Redis publishing goes on, and the gateway says that it counts by itself.
compose stop redis
rabta publish docs/examples/draft.json --as ctd-kp/duty-officer
[[ $(health) == *'"status":"degraded"'* ]]
compose start redis
for _ in $(seq 100); do
  [[ $(health) == *'"status":"ready"'* ]] && break
  sleep 0.1
done
health
[[ $(health) == *'"status":"ready"'* ]]

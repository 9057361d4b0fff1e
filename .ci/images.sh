#!/usr/bin/env bash
# The images that tests run, by name. Sourced after engine_start:
#
#   . .ci/images.sh
#   images_ready
#
# A name already in the environment is left alone (RABTA_KAFKA_IMAGE=apache/kafka:4.3.1 where a
# registry can be reached). Otherwise images are built here from Debian's packages and Maven
# Central alone; one that exists is not built again. The tag is a digest of what it is made of.

images_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
images_suite=bookworm
# The machine's own package source, as its apt is set up.
images_mirror=${RABTA_DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 2>/dev/null | grep -v security | head -n 1)}

images_ready() {
  if [ -z "${RABTA_KAFKA_IMAGE:-}" ]; then
    images_build kafka || return 1
    export RABTA_KAFKA_IMAGE=$images_built
  fi
  if [ -z "${RABTA_REDIS_IMAGE:-}" ]; then
    images_build redis || return 1
    export RABTA_REDIS_IMAGE=$images_built
  fi
}

images_exists() {
  docker image inspect "$1" >/dev/null 2>&1
}

# images_build NAME: sets images_built to the name of the image of deploy/images/NAME.
images_build() {
  local context=$images_root/deploy/images/$1 tag
  tag=$(cd "$context" && find . -type f | LC_ALL=C sort | xargs sha256sum | sha256sum | cut -c 1-16)
  images_built=rabta-test/$1:$tag
  images_exists "$images_built" && return 0
  images_base || return 1
  echo "images: building $images_built" >&2
  local images_log
  images_log=$(mktemp) || return 1
  # The legacy builder is the one that needs no plug-in; containers of this build use the
  # machine's own network, because a bridge may have no way out.
  DOCKER_BUILDKIT=0 docker build --quiet --network host \
    --build-arg "BASE=rabta-test/base:$images_suite" --tag "$images_built" "$context" \
    >/dev/null 2>"$images_log" || {
    tail -n 20 "$images_log" >&2
    return 1
  }
  rm -f "$images_log"
}

images_base() {
  images_exists "rabta-test/base:$images_suite" && return 0
  echo "images: building rabta-test/base:$images_suite" >&2
  local tree status=0
  tree=$(mktemp -d "${RABTA_CI_CACHE:-/var/tmp}/base-XXXXXX") || return 1
  images_tree "$tree" && tar -C "$tree" -c . |
    docker import - "rabta-test/base:$images_suite" >/dev/null || status=1
  rm -rf "$tree"
  return $status
}

# What this machine trusts (a company's proxy, say), its images trust too.
images_tree() {
  debootstrap --variant=minbase --include=ca-certificates "$images_suite" "$1" \
    "$images_mirror" >"$1.log" 2>&1 || {
    tail -n 5 "$1.log" >&2
    rm -f "$1.log"
    return 1
  }
  rm -f "$1.log"
  cp -r /usr/local/share/ca-certificates/. "$1/usr/local/share/ca-certificates/"
  chroot "$1" update-ca-certificates >/dev/null 2>&1
  rm -rf "$1"/var/cache/apt/archives/*.deb "$1"/var/lib/apt/lists/*
}

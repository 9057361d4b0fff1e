#!/usr/bin/env bash
# Gives each service its rights in a Kafka cluster, and no others:
#
#   deploy/kafka-acls.sh rabta. kafka-acls.sh --bootstrap-server kafka:9092 --command-config admin
#
# The first word is RABTA_KAFKA_TOPIC_PREFIX; the rest is the command to which the rules are given.
# Services sign in as the users `audit`, `gateway` and `router` (RABTA_SERVICE_USERS: others, in
# this order). None of them needs a consumer group. Running it again changes nothing.
set -Eeuo pipefail

prefix=$1
shift
read -r audit gateway router <<<"${RABTA_SERVICE_USERS:-audit gateway router}"

# allow USER PATTERN-TYPE TOPIC OPERATION…
allow() {
  local user=$1 type=$2 topic=$3 operations=()
  shift 3
  while [ $# -gt 0 ]; do operations+=(--operation "$1") && shift; done
  "${command[@]}" --add --allow-principal "User:$user" --resource-pattern-type "$type" \
    --topic "$topic" "${operations[@]}" >/dev/null
}
command=("$@")

# allow_all USER OPERATION…: on every topic of the federation.
allow_all() {
  local user=$1
  shift
  if [ -n "$prefix" ]; then allow "$user" prefixed "$prefix" "$@"; else allow "$user" literal '*' "$@"; fi
}

# Every service checks at its start that all topics are kept for ever.
for user in "$audit" "$gateway" "$router"; do allow_all "$user" Describe DescribeConfigs; done

# Begins: creates the topics and puts the first entries into the directory.
allow_all "$audit" Create Read
for topic in access checkpoints directory; do allow "$audit" literal "$prefix$topic" Write; done

allow_all "$gateway" Read
for topic in access directory; do allow "$gateway" literal "$prefix$topic" Write; done

allow "$router" literal "${prefix}directory" Read
allow "$router" literal "${prefix}access" Write

for realm in live exercise; do
  allow "$gateway" prefixed "$prefix$realm.intake." Write
  allow "$router" prefixed "$prefix$realm.intake." Read
  allow "$router" prefixed "$prefix$realm.alerts." Write
  allow "$router" literal "$prefix$realm.dead-letter" Write
done

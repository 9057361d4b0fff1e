#!/usr/bin/env bash
# Plays the tour on a file of incident rows and prints its transcript: tools/tour.sh FILE.csv > docs/tour.md
set -eu
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
rows=$(realpath "$1")
place=$(mktemp -d)
port=${RABTA_TOUR_PORT:-8793}
trap 'kill "$server" 2>/dev/null || :; rm -rf "$place"' EXIT
cd "$place"
cp "$rows" incidents.csv
mkdir bin && ln -s "$root/bin/rabta" bin/rabta

say() { printf '%s\n' "$@"; }
# Shows a command as a newcomer would type it, runs it, and shows what it printed, cut to LINES.
LINES_SHOWN=12
show() {
  say '```console' "\$ $*"
  local out
  out=$("$@" 2>&1 || say "(exit code $?)")
  say "$out" | sed "s#$place#.#g" | awk -v max="$LINES_SHOWN" 'NR <= max; END { if (NR > max) print "… " NR - max " more lines" }' | cut -c 1-150
  say '```' ''
}
at="--gateway http://127.0.0.1:$port"
hub() {
  bin/rabta serve --listen "127.0.0.1:$port" >server.log 2>&1 &
  server=$!
  until grep -q listens server.log; do sleep 0.1; done
}

cat <<TEXT
# A tour on real incidents

The transcript of \`tools/tour.sh incidents.csv\`, unedited but for long outputs, which are cut, and the temporary folder, which is shown as \`.\`.
\`incidents.csv\` holds 5,488 events of organised violence in Pakistan, 2005–2018, from the Uppsala Conflict Data Program's Georeferenced Event Dataset, as published
under CC BY-IGO on the Humanitarian Data Exchange (cite: «Introducing the UCDP Georeferenced Event Dataset», Journal of Peace
Research 50(4), 2013). It is open data about past events, used here as load and never as intelligence, and it is not part of this repository; \`tests/fixtures/incidents-sample.csv\` has
fifty invented rows in the same columns to take the tour with. The federation, its people and its keys are invented.

## A federation, a hub, and all rows

TEXT
show bin/rabta init ./data
hub
say "The hub runs: \`bin/rabta serve --listen 127.0.0.1:$port\`." ''
LINES_SHOWN=7 show bin/rabta import incidents.csv --quiet $at
say 'Rows without a province are reported, never guessed. A second run finds everything there and changes nothing:' ''
LINES_SHOWN=7 show bin/rabta import incidents.csv --quiet $at

cat <<'TEXT'
## Each reader gets what it is cleared for, once

Every alert below was verified by the client: the signature by the originating department's key, the stamp, the digest, and the access record of its release. The counts
come from the feeds; what they must be, an independent script computes from the file and the label rule alone (`tests/expected-counts.py`).

TEXT
python3 "$root/tests/expected-counts.py" incidents.csv >expected.json
say '| reader | expected | in the feed, verified | different alerts | not verified |' '|---|---|---|---|---|'
for reader in nacta/coordinator nacta/liaison ctd-{kp,punjab,sindh,balochistan,ict,gb,ajk}/{analyst,duty-officer}; do
  bin/rabta feed --as "$reader" --all --limit 500 --json $at >feed.ndjson 2>/dev/null || :
  expected=$(python3 -c 'import json, sys; print(json.load(open("expected.json"))["readers"][sys.argv[1]])' "$reader")
  verified=$(grep -c '"verified":true' feed.ndjson || :)
  different=$(python3 -c 'import json; print(len({json.loads(line)["alert"]["id"] for line in open("feed.ndjson")}))')
  wrong=$(grep -vc '"verified":true' feed.ndjson || :)
  say "| $reader | $expected | $verified | $different | $wrong |"
  [ "$expected $expected 0" = "$verified $different $wrong" ] || { echo "tour: $reader differs" >&2; exit 1; }
done
say ''

cat <<'TEXT'
## One of them, and who was given it

TEXT
bin/rabta feed --as nacta/coordinator --classification SECRET --origin ctd-kp --limit 1 --json $at >one.ndjson 2>/dev/null
alert=$(python3 -c 'import json; a=json.loads(open("one.ndjson").readline())["alert"]; print(a["origin"] + "/" + a["id"])')
say 'A SECRET alert of CTD KP. A reader of another province asks for it by its name, and is told that there is nothing:' ''
show bin/rabta alert "$alert" --as ctd-sindh/analyst $at
say 'KP’s own security officer, who may see no content, asks the log:' ''
show bin/rabta access-log given-to "$alert" --as ctd-kp/security-officer $at
bin/rabta access-log given-to "$alert" --as ctd-kp/security-officer --json $at >given.json 2>/dev/null
leaf=$(python3 -c 'import json; print([r["index"] for r in json.load(open("given.json"))["givenTo"] if r["record"]["principal"] == "nacta/coordinator"][0])')
say 'and takes a receipt of the coordinator’s latest reading:' ''
show bin/rabta access-log receipt "$leaf" --as ctd-kp/security-officer --out receipt.tlog-proof $at
show bin/rabta access-log checkpoint --as ctd-kp/security-officer $at

cat <<'TEXT'
## The hub is stopped

The receipt verifies with the log's key alone, which the pinned genesis entry leads to:

TEXT
kill "$server"; wait "$server" || :
LINES_SHOWN=40 show bin/rabta verify receipt.tlog-proof
say 'The operator’s own check of all that is stored:' ''
show bin/rabta fsck --quiet

#!/usr/bin/env python3
"""How many alerts each reader of the demo federation must find after `rabta import FILE.csv`.

Counted from the file and the rules alone, by nothing of the hub's code: expected-counts.py FILE.csv
"""
import csv
import json
import sys
from collections import Counter

CTD_OF = {
    "Azad Jammu & Kashmir": "ctd-ajk",
    "Balochistan province": "ctd-balochistan",
    "Federally Administered Tribal Areas": "ctd-kp",
    "Gilgit-Baltistan": "ctd-gb",
    "Islamabad Capital territory": "ctd-ict",
    "Khyber Pakhtunkwa province": "ctd-kp",
    "Punjab province": "ctd-punjab",
    "Sindh province": "ctd-sindh",
}
with open(sys.argv[1], encoding="utf-8", newline="") as file:
    rows = list(csv.DictReader(file))
known = [(CTD_OF[row["adm_1"]], int(row["id"])) for row in rows if row["adm_1"] in CTD_OF]
# SECRET is what 50 divides. Duty officers and the liaison are cleared for less; every label names
# the federation and the department's own province, and nobody else's.
secret = Counter(ctd for ctd, number in known if number % 50 == 0)
total = Counter(ctd for ctd, _ in known)
readers = {"nacta/coordinator": len(known), "nacta/liaison": len(known) - secret.total()}
for ctd in sorted(set(CTD_OF.values())):
    readers[f"{ctd}/analyst"] = total[ctd]
    readers[f"{ctd}/duty-officer"] = total[ctd] - secret[ctd]
counts = {"alerts": len(known), "reported": len(rows) - len(known), "readers": readers}
print(json.dumps(counts, indent=2))

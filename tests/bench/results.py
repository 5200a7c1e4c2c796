# SPDX-License-Identifier: GPL-2.0
"""The results of tests/bench/run: lines of JSON, the first about the kernel."""
import json

IMPLS = ("none", "tls", "tls-nopad", "openssl", "openssl-ra", "ktls")


def load(path):
    """The head line, and {(test, size, suite): {impl: result}}."""
    cases = {}
    with open(path, encoding="ascii") as lines:
        head = json.loads(next(lines))
        for line in lines:
            res = json.loads(line)
            impls = cases.setdefault((res["test"], res["size"],
                                      res["suite"]), {})
            old = impls.get(res["impl"])
            # Native runs are repeated: the least disturbed one
            if not old or res.get("whole", 0) < old.get("whole", 0):
                impls[res["impl"]] = res
    for (test, size, suite), impls in cases.items():
        plain = cases.get((test, size, "plain"), {})
        if suite != "plain" and "none" in plain:
            impls["none"] = plain["none"]
            for res in impls.values():
                if "whole" in res and "whole" in plain["none"]:
                    res["extra"] = res["whole"] - plain["none"]["whole"]
    return head, {k: v for k, v in cases.items() if k[2] != "plain"}


def ratio(impls, rival, what):
    """How many times as much the rival needs."""
    try:
        return impls[rival][what] / impls["ktls"][what]
    except (KeyError, ZeroDivisionError):
        return None

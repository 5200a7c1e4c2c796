#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Usage: tests/bench/split.py [OPTION]... BLOCKS SYMBOLS PROGRAM RESULTS

Says where the instructions of the benchmark's cells are spent. BLOCKS is what
plugin/profile.c has counted, SYMBOLS the guest's /proc/kallsyms, PROGRAM the
symbols of ktls-bench as nm prints them, RESULTS its lines of JSON. Prints the
functions of each cell, instructions for each operation, and adds them up by
class (see tests/bench/classes). With --against (what --json has left of an
earlier time) also which functions have changed. With --table it prints one
line for each cell instead, the whole operation by class. Fails if the sum
differs from what the program has measured.
"""
import argparse
import bisect
import collections
import json
import os
import re
import sys

CLASSES = ("core", "glue", "ktls", "tls", "alloc", "copy", "tcp", "system",
           "user", "softirq")
PLACES = ("side", "side-softirq", "rest", "rest-softirq")
# Estimated cycles for each 8 bytes that a repeated string instruction moves
STRING_WEIGHT = 0.15
# By how much the sum may differ: in part, and in instructions, for what the
# program subtracts for its measuring is only known to some.
TOLERANCE = 0.005
TOLERANCE_INSNS = 20
# What measures in ktls-bench, and is not counted
MEASURING = re.compile("measure_.*|ktls_bench_.*")
# Places within the functions of older assembly code
LABEL = re.compile(r"(_|aes_loop_|key_\d+_).* \[aesni_intel\]")


class Symbols:
    """Names for addresses."""

    def __init__(self):
        self.table = []

    def add(self, path, module):
        """Reads /proc/kallsyms, or what nm prints."""
        with open(path, encoding="ascii", errors="replace") as lines:
            for line in lines:
                words = line.split()
                if len(words) < 3 or words[1] not in "tTwWiI" or \
                        LABEL.fullmatch(" ".join(words[2:])):
                    continue
                self.table.append((int(words[0], 16), words[2],
                                   words[3].strip("[]") if len(words) > 3
                                   else module))

    def sort(self):
        """To be called before the first find()."""
        self.table.sort()

    def find(self, addr):
        """The function and module of an address."""
        i = bisect.bisect_right(self.table, (addr, "\x7f")) - 1
        if i < 0:
            return "?", "?"
        return self.table[i][1].removesuffix(".cold"), self.table[i][2]


class Classes:
    """The table of classes."""

    def __init__(self, path):
        self.found = {}
        self.table = []
        with open(path, encoding="ascii") as lines:
            for line in lines:
                words = line.split()
                if words and words[0] != "#":
                    self.table.append((words[0], float(words[1]),
                                       re.compile(words[2]),
                                       re.compile(words[3])))

    def find(self, function, module):
        """The class and weight of a function."""
        key = function, module
        if key not in self.found:
            self.found[key] = next(
                line[:2] for line in self.table
                if line[2].fullmatch(module) and line[3].fullmatch(function))
        return self.found[key]


def read_blocks(path):
    """For each cell of the plugin's output a list of its blocks."""
    cells = []
    with open(path, encoding="ascii") as lines:
        for line in lines:
            words = line.split()
            if words[0] == "done":
                cells.append([])
            else:
                cells[-1].append((int(words[0], 16), *map(int, words[1:])))
    return cells


def functions(blocks, symbols, classes):
    """{(function, module, class): [instructions and cycles in each place]}"""
    found = collections.defaultdict(lambda: [[0, 0] for _ in PLACES])
    for addr, insns, step, *runs in blocks:
        function, module = symbols.find(addr)
        if module == "user" and MEASURING.fullmatch(function):
            continue
        name, weight = classes.find(function, module)
        cost = STRING_WEIGHT * step / 8 if step else weight
        for spent, count in zip(found[function, module, name], runs):
            spent[0] += count * insns
            spent[1] += count * insns * cost
    return found


def add_up(found, ops):
    """By class, for each operation: the side, and the whole operation, of which
    what runs in softirqs is a class of its own."""
    side = collections.Counter()
    whole = collections.Counter()
    cycles = collections.Counter()
    for (_, _, name), spent in found.items():
        side[name] += spent[0][0] / ops
        for place, (insns, cost) in zip(PLACES, spent):
            where = "softirq" if place.endswith("softirq") else name
            whole[where] += insns / ops
            cycles["whole"] += cost / ops
        cycles["side"] += spent[0][1] / ops
    return {
        "side": {name: round(n, 1) for name, n in side.items() if n},
        "whole": {name: round(n, 1) for name, n in whole.items() if n},
        "cycles": {name: round(n) for name, n in cycles.items()},
        "functions": {
            f"{function} {module}": round(spent[0][0] / ops, 1)
            for (function, module, _), spent in found.items() if spent[0][0]},
    }


def print_functions(found, ops, top, where):
    """The functions of the side, or of the rest."""
    first = 0 if where == "side" else 2
    total = sum(spent[first][0] for spent in found.values()) / ops
    lines = [(spent[first][0] / ops, spent[first + 1][0] / ops, key)
             for key, spent in found.items()]
    lines = sorted((line for line in lines if line[0] or line[1]),
                   key=lambda line: (-line[0], -line[1], line[2]))
    print(f"{where:40} {'module':16} {'insns':>9} {'share':>6} "
          f"{'softirq':>8}  class")
    for insns, softirq, (function, module, name) in lines[:top]:
        print(f"{function[:40]:40} {module[:16]:16} {insns:9.1f} "
              f"{insns / total if total else 0:6.1%} {softirq:8.1f}  {name}")
    if len(lines) > top:
        print(f"({len(lines) - top} more functions:"
              f" {sum(line[0] for line in lines[top:]):.1f})")
    print()


def print_changes(new, old, top):
    """The functions of the side whose counts differ."""
    changes = {key: new.get(key, 0) - old.get(key, 0) for key in {**new, **old}}
    keys = sorted((key for key in changes if abs(changes[key]) >= 0.5),
                  key=lambda key: (-abs(changes[key]), key))
    print(f"{'change':40} {'module':16} {'before':>9} {'now':>9} {'':>9}")
    for key in keys[:top]:
        function, module = key.split()
        print(f"{function[:40]:40} {module[:16]:16} {old.get(key, 0):9.1f} "
              f"{new.get(key, 0):9.1f} {changes[key]:+9.1f}")
    print(f"{len(keys)} functions changed: {sum(changes.values()):+.1f}\n")


def print_table(cells):
    """The whole operations by class, in Markdown."""
    print("| cell | total |", " | ".join(CLASSES), "| est. cycles |")
    print("|---|" + "---:|" * (len(CLASSES) + 2))
    for cell in cells:
        whole = cell["whole"]
        numbers = [sum(whole.values()), *(whole.get(c, 0) for c in CLASSES),
                   cell["cycles"]["whole"]]
        print(f"| {cell['cell']} |",
              " | ".join(f"{n:,.0f}" for n in numbers), "|")


def agrees(res, sums):
    """The sum is what the program has measured."""
    counted = sum(sums["whole"].values())
    allowed = max(TOLERANCE_INSNS, TOLERANCE * res["whole"])
    if abs(counted - res["whole"]) <= allowed:
        return True
    print(f"split.py: {res['cell']}: {counted:.1f} instructions were counted, "
          f"but {res['whole']} measured", file=sys.stderr)
    return False


def load(path):
    """The functions of each cell, as --json has left them."""
    if not path:
        return {}
    with open(path, encoding="ascii") as lines:
        cells = [json.loads(line) for line in lines]
    return {cell["cell"]: cell["functions"] for cell in cells}


def print_cell(res, sums, found, top):
    """All about one cell."""
    counted = sum(sums["whole"].values())
    print(f"{res['cell']}: {sum(sums['side'].values()):,.0f} instructions, "
          f"{counted:,.0f} with the whole operation "
          f"(the program says {res['whole']:,.0f}); estimated cycles "
          f"{sums['cycles']['side']:,} and {sums['cycles']['whole']:,}\n")
    print(f"{'class':10} {'side':>9} {'whole':>9}")
    for name in sorted(sums["whole"], key=lambda n: -sums["whole"][n]):
        print(f"{name:10} {sums['side'].get(name, 0):9,.0f} "
              f"{sums['whole'][name]:9,.0f}")
    print()
    print_functions(found, res["ops"], top, "side")
    print_functions(found, res["ops"], top // 4, "rest")


def main():
    parser = argparse.ArgumentParser(
        usage=__doc__.splitlines()[0].removeprefix("Usage: "),
        description="\n".join(__doc__.splitlines()[2:]),
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--top", metavar="N", type=int, default=40)
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--against", metavar="FILE")
    for name in ("blocks", "symbols", "program", "results"):
        parser.add_argument(name)
    args = parser.parse_args()
    symbols = Symbols()
    symbols.add(args.symbols, "vmlinux")
    symbols.add(args.program, "user")
    symbols.sort()
    classes = Classes(os.path.join(os.path.dirname(__file__), "classes"))
    with open(args.results, encoding="ascii") as lines:
        results = [json.loads(line) for line in lines if '"cell"' in line]
    old = load(args.against)
    out = []
    ok = True
    for res, blocks in zip(results, read_blocks(args.blocks)):
        found = functions(blocks, symbols, classes)
        sums = add_up(found, res["ops"])
        out.append({"cell": res["cell"], **sums})
        ok = agrees(res, sums) and ok
        if args.table:
            continue
        print_cell(res, sums, found, args.top)
        if res["cell"] in old:
            print_changes(sums["functions"], old[res["cell"]], args.top)
    if args.table:
        print_table(out)
    if args.json:
        with open(args.json, "w", encoding="ascii") as file:
            file.writelines(json.dumps(cell) + "\n" for cell in out)
    return 0 if ok else 1


sys.exit(main())

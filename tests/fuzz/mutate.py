#!/usr/bin/env python3
"""Mutated config.json, the same for the same seed.

    mutate.py OUT COUNT SEED BASE...

Writes OUT/0000.json and so on, each made of one of the BASE files by one to four changes: of a value's type or size, of its bytes, of
the tree (members left out, repeated, moved, nested), and at last of the text as a whole.
"""
import copy
import json
import os
import random
import sys

NUMBERS = [0, -1, 1, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1, 2**64, 10**30, -2**63, -2**63 - 1, 0.5, 1e300]
OTHERS = [None, True, False, "", [], {}, [[]], [None], {"": None}, "0", "true", 7, -7, 1.5]
STRINGS = [
    "\n", "a\nlxc.hook.start = /bin/false", "a\r\nb", "#", "a#b", "'a'", '"', "\\", "\\012", "\\040", "=", ",", ":", "a,b:c=d", "..", "../..",
    "/", "//", "/..", "/proc/self/exe", "/proc/1/root", "\u0000", "\u007f", "\u00ff", "\ud800", "\U0001f600", "%s%n", "$(false)", "-1", " ", "\t",
]
# Of characters that stay characters through the writer of JSON, and are put in as bytes afterwards.
MARK = "\ue000"
BAD_UTF8 = [b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"\x80"]


class Pairs(dict):
    """An object that writes some of its members twice."""

    def __init__(self, members, again):
        super().__init__(members)
        self.again = again

    def items(self):
        return list(super().items()) + self.again


def places(tree):
    """Every (container, key) in the tree."""
    found = []
    stack = [tree]
    while stack:
        node = stack.pop()
        keys = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else []
        for key in keys:
            found.append((node, key))
            stack.append(node[key])
    return found


def long_string(rng):
    return rng.choice("a/.\u00e9") * rng.choice([63, 64, 65, 255, 256, 4095, 4096, 70000])


def deep(rng):
    value = rng.choice(OTHERS)
    for _ in range(rng.choice([10, 100, 2047, 3000])):
        value = [value] if rng.random() < 0.5 else {"a": value}
    return value


def change_string(rng, text):
    at = rng.randrange(len(text) + 1)
    piece = rng.choice([rng.choice(STRINGS), MARK, long_string(rng)])
    return rng.choice([piece, text[:at] + piece + text[at:], text[:at], text + text, text.upper(), text[:at] + chr(rng.randrange(1, 0x100)) + text[at + 1:]])


def change_number(rng, number):
    return rng.choice([rng.choice(NUMBERS), -number, number + 1, number * 1000, str(number), float(number)])


def change(rng, tree):
    node, key = rng.choice(places(tree))
    value = node[key]
    kind = rng.randrange(9)
    if kind <= 3 and isinstance(value, str):
        node[key] = change_string(rng, value)
    elif kind <= 3 and isinstance(value, (int, float)) and not isinstance(value, bool):
        node[key] = change_number(rng, value)
    elif kind == 4:
        del node[key]
    elif kind == 5 and isinstance(node, list):
        node.extend(copy.deepcopy(value) for _ in range(rng.choice([1, 2, 300])))
    elif kind == 5:
        node[change_string(rng, key)] = value
    elif kind == 6:
        other, other_key = rng.choice(places(tree))
        node[key] = copy.deepcopy(other[other_key])
    elif kind == 7 and rng.random() < 0.3:
        node[key] = deep(rng)
    elif kind == 7 and isinstance(value, dict) and value:
        again = rng.choice(list(value))
        node[key] = Pairs(value, [(again, rng.choice([value[again]] + OTHERS))])
    else:
        node[key] = copy.deepcopy(rng.choice(OTHERS))


def change_bytes(rng, data):
    at = rng.randrange(len(data) + 1)
    kind = rng.randrange(5)
    if kind == 0:
        return data[:at]
    if kind == 1:
        return data[:at] + bytes([rng.randrange(256)]) + data[at + 1:]
    if kind == 2:
        return data + rng.choice([b"x", b"{}", b"\0", data])
    if kind == 3:
        return data[:at] + data[at + rng.randrange(1, 20):]
    return rng.choice([b"\xef\xbb\xbf", b" ", b"//\n", b"\xff\xfe"]) + data


def mutated(rng, bases):
    tree = copy.deepcopy(rng.choice(bases))
    for _ in range(rng.choice([1, 1, 2, 4])):
        change(rng, tree)
    data = write(tree)
    for piece in BAD_UTF8 if MARK.encode() in data else []:
        data = data.replace(MARK.encode(), piece, 1)
    data = data.replace(MARK.encode(), rng.choice(BAD_UTF8))
    return change_bytes(rng, data) if rng.random() < 0.1 else data


def write(tree):
    # The library's own writer goes by recursion, and would not write a member twice.
    out, stack = [], [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, tuple):
            out.append(node[0])
        elif isinstance(node, dict):
            stack.append(("}",))
            for i, (key, value) in reversed(list(enumerate(node.items()))):
                stack += [value, ((", " if i else "") + json.dumps(key, ensure_ascii=MARK not in key) + ": ",)]
            stack.append(("{",))
        elif isinstance(node, list):
            stack.append(("]",))
            for i in range(len(node) - 1, -1, -1):
                stack += [node[i], (", " if i else "",)]
            stack.append(("[",))
        else:
            out.append(json.dumps(node, ensure_ascii=not (isinstance(node, str) and MARK in node)))
    return "".join(out).encode("utf-8", "surrogatepass")


def main():
    out, count, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    rng = random.Random(seed)
    sys.setrecursionlimit(100000)  # what is nested is copied
    bases = []
    for name in sys.argv[4:]:
        with open(name, encoding="utf-8") as file:
            bases.append(json.load(file))
    os.makedirs(out, exist_ok=True)
    for i in range(count):
        with open(f"{out}/{i:04}.json", "wb") as file:
            file.write(mutated(rng, bases))


main()

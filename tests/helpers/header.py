"""What a C header of plain declarations holds, for tests/cli/docs.sh to compare with a man page.

    header.py declarations HEADER   "TYPE NAME(ARGUMENT, ...)" for each function, sorted
    header.py synopsis PAGE         the same out of .Ft and .Fn of a page in mdoc(7)
    header.py members HEADER        members of structures, and constants of enumerations and macros
"""
import re
import shlex
import sys


def tidy(text):
    return re.sub(r"\* ", "*", " ".join(text.split()))


def source(path):
    with open(path, encoding="utf-8") as file:
        return re.sub(r"/\*.*?\*/", " ", file.read(), flags=re.S)


def declaration(kind, name, arguments):
    return tidy("%s %s(%s)" % (kind, name, arguments))


def declarations(path):
    # The block for C++ is no body.
    text = re.sub(r"(?m)^#.*$", "", source(path)).replace('extern "C" {', "")
    while re.search(r"\{[^{}]*\}", text):
        text = re.sub(r"\{[^{}]*\}", " ", text)
    found = re.finditer(r"([a-z][\w\s]*?[\s*]+)(\w+)\(((?:[^()]|\([^()]*\))*)\);", text)
    return [declaration(*m.groups()) for m in found]


def synopsis(path):
    kind = ""
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith(".Sh DESCRIPTION"):
                return
            if line.startswith(".Ft "):
                kind = shlex.split(line)[1]
            elif line.startswith(".Fn "):
                name, *arguments = shlex.split(line)[1:]
                yield declaration(kind, name, ", ".join(arguments))


def members(path):
    text = source(path)
    for body in re.findall(r"(?:struct|enum) \w+ \{(.*?)\};", text, re.S):
        for part in body.split(";"):
            callback = re.search(r"\(\*(\w+)\)", part)
            if callback:
                yield callback.group(1)
                continue
            for item in part.split(","):
                item = re.sub(r"\[\d+\]|=.*", "", item).strip(" *\n")
                if item:
                    yield re.findall(r"\w+", item)[-1]
    yield from re.findall(r"#define (LXCDRIVER_\w+) ", text)


for answer in sorted(set(globals()[sys.argv[1]](sys.argv[2]))):
    print(answer)

#!/usr/bin/env python3
"""What packages must know of the crates that they are built of.

crates.py shells VENDOR               empties the crates that no Linux needs
crates.py copyright VENDOR HEAD       prints debian/copyright (DEP 5): HEAD, then a stanza for each crate of VENDOR
crates.py licences VENDOR             prints each licence once, with how many crates have it

Run in the top folder of the unpacked source.
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys

TARGETS = ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"]

# Licences whose text every Debian system has.
COMMON = {"Apache-2.0": "Apache-2.0", "GPL-2.0": "GPL-2", "LGPL-2.1-or-later": "LGPL-2.1", "MPL-2.0": "MPL-2.0"}

# Where in a crate the text of a licence is looked for.
TEXTS = {
    "MIT": ["LICENSE-MIT", "LICENSE_MIT", "LICENSE-MIT.md", "license-mit", "LICENSE.MIT", "LICENSE", "LICENSE.txt", "LICENSE.md"],
    "BSD-3-Clause": ["LICENSE-BSD", "LICENSE-BSD-3-Clause", "LICENSE-BSD3", "LICENSE", "LICENSE.txt", "LICENSE.md"],
    "BSD-2-Clause": ["LICENSE-BSD", "LICENSE-BSD-2-Clause", "LICENSE", "LICENSE.txt"],
    "ISC": ["LICENSE-ISC", "LICENSE", "LICENSE.txt"],
    "Unicode-3.0": ["LICENSE-UNICODE", "LICENSE", "LICENSE.txt"],
    "Unlicense": ["UNLICENSE", "LICENSE"],
    "Zlib": ["LICENSE-ZLIB", "LICENSE-ZLIB.md", "LICENSE", "LICENSE.txt"],
    "BSL-1.0": ["LICENSE-BOOST", "LICENSE_BOOST", "LICENSE_BOOST.txt", "LICENSE_1_0.txt", "LICENSE"],
    "0BSD": ["LICENSE-0BSD", "LICENSE"],
    "CC0-1.0": ["LICENSE-CC0", "LICENSE"],
    "MIT-0": ["LICENSE-MIT0", "LICENSE"],
    "CDLA-Permissive-2.0": ["LICENSE"],
    "LLVM-exception": ["LICENSE-Apache-2.0_WITH_LLVM-exception", "LICENSE"],
}

# A word that the text of a licence has and no other one: what lies under a common file name may be another licence.
SIGNS = {
    "MIT": "without restriction",
    "BSD-3-Clause": "Neither the name",
    "BSD-2-Clause": "Redistributions in binary form",
    "ISC": "with or without fee",
    "Unicode-3.0": "UNICODE LICENSE V3",
    "Unlicense": "released into the public domain",
    "Zlib": "as-is",
    "BSL-1.0": "Boost Software License",
    "0BSD": "with or without fee",
    "CC0-1.0": "Creative Commons",
    "MIT-0": "without restriction",
    "CDLA-Permissive-2.0": "Community Data License Agreement",
    "LLVM-exception": "LLVM Exceptions",
}


def crates(vendor):
    """Name, version, folder and the package's own table of each crate."""
    import tomllib

    for folder in sorted(pathlib.Path(vendor).iterdir()):
        package = tomllib.loads((folder / "Cargo.toml").read_text())["package"]
        yield package["name"], package["version"], folder, package


def needed():
    """(name, version) of every crate that is built on some Linux, for tests as well."""
    found = set()
    for target in TARGETS:
        command = ["cargo", "metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", target]
        packages = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        resolved = {node["id"] for node in packages["resolve"]["nodes"]}
        found |= {(p["name"], p["version"]) for p in packages["packages"] if p["id"] in resolved}
    return found


def shells(vendor):
    wanted, emptied = needed(), 0
    for name, version, folder, _ in crates(vendor):
        if (name, version) in wanted:
            continue
        checksum = json.loads((folder / ".cargo-checksum.json").read_text())
        for entry in folder.iterdir():
            if entry.name not in ("Cargo.toml", ".cargo-checksum.json"):
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        # The manifest may name targets whose files are gone now; a library without anything is one.
        (folder / "src").mkdir()
        (folder / "src/lib.rs").write_text("")
        text = (folder / "Cargo.toml").read_text()
        (folder / "Cargo.toml").write_text(without_targets(text))
        (folder / ".cargo-checksum.json").write_text(json.dumps({"files": {}, "package": checksum["package"]}))
        emptied += 1
    print(f"{emptied} crates that no Linux needs are empty", file=sys.stderr)


def without_targets(text):
    """A manifest without the tables that name files."""
    kept, skip = [], False
    for line in text.splitlines():
        if line.startswith("["):
            skip = line.strip("[]").split(".")[0] in ("bin", "example", "test", "bench", "lib", "lints")
        if not skip and not re.match(r"(build|readme|license-file|links|auto\w+)\s*=", line):
            kept.append(line)
    return "\n".join(kept) + "\n"


def read(path):
    return path.read_text(errors="replace") if path.is_file() else ""


def holders(folder, package):
    """Who holds the copyright, from the licence files, else the authors of the manifest."""
    lines = []
    for entry in sorted(folder.iterdir()):
        if re.match(r"(?i)(un)?licen[sc]e|copying|copyright|notice", entry.name) and entry.is_file():
            for line in read(entry).splitlines():
                line = line.strip().lstrip("/*#- ").strip()
                if re.match(r"(?i)copyright\s+(\(c\)|©|\d{4})", line) and "[yyyy]" not in line and line not in lines:
                    lines.append(line)
    if lines:
        return [re.sub(r"(?i)^copyright\s*(\(c\)|©)?\s*", "", line) or line for line in lines]
    return package.get("authors") or [f"The {package['name']} developers"]


def expression(text):
    """An SPDX expression in DEP 5's words, which have a comma for brackets."""
    text = text.replace("/", " OR ").replace(" WITH ", "-with-")
    text = re.sub(r"\bOR\b", "or", text)
    text = re.sub(r"\)\s*AND\b", ", and", re.sub(r"\bAND\s*\(", "and, ", text))
    text = re.sub(r"\bAND\b", "and", text).replace("(", "").replace(")", "")
    return re.sub(r"\s+", " ", text).replace(" ,", ",")


def names(text):
    return [n for n in re.split(r",?\s+(?:or|and),?\s+", expression(text)) if n]


def licence_text(name, folders):
    for folder in folders:
        for file in TEXTS.get(name, ["LICENSE"]):
            text = read(folder / file)
            if text and SIGNS.get(name, "") in text:
                return text
    return ""


def stanza(text):
    return "\n".join(f" {line.rstrip()}" if line.strip() else " ." for line in text.strip().splitlines())


def copyright(vendor, head):
    print(pathlib.Path(head).read_text().rstrip())
    having = {}
    for name, version, folder, package in crates(vendor):
        licence = package.get("license") or "see-file"
        for one in names(licence):
            having.setdefault(one, []).append(folder)
        print(f"\nFiles: {folder}/*")
        print("Copyright: " + "\n           ".join(line.strip() for line in holders(folder, package)))
        print("License: " + expression(licence))
    missing = []
    for one in sorted(having):
        base, _, exception = one.partition("-with-")
        if base in COMMON and exception:
            text = f"On Debian systems the text is in /usr/share/common-licenses/{COMMON[base]}. In addition:\n\n"
            text += licence_text(exception, having[one]).partition("--- LLVM Exceptions")[2] or missing.append(one) or ""
        elif one in COMMON:
            text = f"On Debian systems the text is in /usr/share/common-licenses/{COMMON[one]}."
        else:
            text = licence_text(one, having[one])
        if not text:
            missing.append(f"{one}: {', '.join(str(folder) for folder in having[one])}")
            continue
        print(f"\nLicense: {one}\n{stanza(text)}")
    if missing:
        sys.exit("no text of these licences was found:\n" + "\n".join(missing))


def licences(vendor):
    count = {}
    for _, _, _, package in crates(vendor):
        key = expression(package.get("license") or "see-file")
        count[key] = count.get(key, 0) + 1
    for key in sorted(count):
        print(f"{count[key]:4} {key}")


if __name__ == "__main__":
    verbs = {"shells": shells, "copyright": copyright, "licences": licences}
    if len(sys.argv) < 3 or sys.argv[1] not in verbs:
        sys.exit(__doc__)
    verbs[sys.argv[1]](*sys.argv[2:])

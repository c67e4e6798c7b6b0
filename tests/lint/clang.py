#!/usr/bin/env python3
"""clang reads every file of ours with the warnings of the build as errors (gcc is what builds it).

usage: clang.py BUILD_FOLDER      exits 77 (skipped) where there is no clang
"""
import concurrent.futures
import json
import os
import shlex
import shutil
import subprocess
import sys


def check(entry):
    words = shlex.split(entry["command"])
    while os.path.basename(words[0]) in ("ccache", "sccache"):
        words = words[1:]
    keep, skip = [], False
    for word in words[1:]:
        if skip:
            skip = False
        elif word in ("-o", "-MF", "-MT"):
            skip = True
        elif word not in ("-c", "-MD", "-Werror"):
            keep.append(word)
    command = ["clang", "-fsyntax-only", "-Werror", "-Wno-unused-command-line-argument", *keep]
    result = subprocess.run(command, cwd=entry["directory"], capture_output=True, text=True)
    return entry["file"], result.returncode, result.stderr


def main():
    if not shutil.which("clang"):
        print("clang is missing")
        return 77
    with open(os.path.join(sys.argv[1], "compile_commands.json")) as file:
        entries = [e for e in json.load(file) if not e["file"].endswith("registry.c")]
    # the two precisions and the instruction sets differ in types and flags: both precisions, AVX-512
    entries = [e for e in entries if "FH_ISA_NAME=generic" not in e["command"] and "FH_ISA_NAME=avx2" not in e["command"]]
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, code, text in pool.map(check, entries):
            if code:
                failed += 1
                print(f"{name}:\n{text}")
    print(f"clang: {len(entries)} compilations, {failed} with warnings")
    return 1 if failed or not entries else 0


if __name__ == "__main__":
    sys.exit(main())

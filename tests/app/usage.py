#!/usr/bin/env python3
"""What a person may type wrong: one sentence, the right exit code, nothing left behind."""
import os

from common import Folder, check, finish, refuse, run, succeed


def overview(where):
    r = succeed(["-help"], cwd=where)
    for name in ("generate", "train", "evaluate", "predict", "inspect", "verify"):
        check(name in r.out, "-help names %s" % name)
        one = succeed([name, "-help"], cwd=where)
        check("Usage: fredholm " + name in one.out, "%s -help tells its usage" % name)
    check(run(["-help"], 2, where).out.count("Usage:") == 1, "-help is printed once on two ranks")
    r = succeed(["train", "-help"], cwd=where)
    for words in ("-epochs <integer>", "default", "passes over the training set", "model fno"):
        check(words in r.out, "train -help has '%s'" % words)
    r = succeed(["-version"], cwd=where)
    for words in ("fredholm ", "commit ", "f32", "PETSc:", "HDF5:", "FFTW:", "MPI:"):
        check(words in r.out, "-version has '%s'" % words)
    succeed(["generate", "-problem", "list"], cwd=where)
    check("fno-darcy-2020" in succeed(["generate", "-preset", "list"], cwd=where).out, "presets")


def words(where):
    refuse([], 64, "no subcommand was given", cwd=where)
    refuse(["trian"], 64, "did you mean 'train'?", cwd=where)
    for typed, words in ((["zzz"], "unknown subcommand 'zzz'"),
                         (["-epochs", 3, "train"], "the subcommand comes first"),
                         (["train", "file.h5"], "'file.h5' is no option"),
                         (["train", "-epochs=3"], "a blank instead of '='"),
                         (["inspect"], "needs a file"),
                         (["verify", "a.h5", "b.h5"], "takes one file")):
        refuse(typed, 64, words, (1,), where)


def options(where):
    """One rank for most of them: every rank reads the same words by the same code."""
    out = ["-data", "F.h5", "-out", "run"]
    refuse(["train", "-epocs", 3] + out, 64, "unknown option -epocs: did you mean -epochs?", cwd=where)
    refuse(["train", "-epochs", "3x"] + out, 64, "needs a whole number but '3x'", cwd=where)
    refuse(["train", "-model", "fnoo"] + out, 64, "did you mean 'fno'", cwd=where)
    refuse(["generate", "-problem", "darcyy", "-out", "G.h5"], 64, "did you mean 'darcy'", cwd=where)
    refuse(["generate", "-n", 0, "-out", "G.h5"], 64, "at least 1", cwd=where)
    for typed, words in (
            (["train", "--epocs", 3] + out, "did you mean -epochs?"),
            (["train", "-epochs"] + out, "option -epochs needs a value"),
            (["train", "-epochs", -1] + out, "option -epochs is -1 but must lie between"),
            (["train", "-lr", "nan"] + out, "option -lr needs a finite number"),
            (["train", "-lr", "1e999"] + out, "option -lr needs a finite number"),
            (["train", "-n_modes", "12,,12"] + out, "option -n_modes"),
            (["train", "-shuffle", "maybe"] + out, "'maybe' is no option"),
            (["train", "-schedule", "cosin"] + out, "did you mean 'cosine'"),
            (["train", "-ksp_type", "cg"] + out, "unknown option -ksp_type"),
            (["train", "-max_walltime", "1h"] + out, "needs hh:mm:ss"),
            (["train", "-out", "run"], "option -data is missing"),
            (["train", "-data", "F.h5"], "option -out is missing"),
            (["evaluate", "-data", "F.h5"], "option -model_file is missing"),
            (["generate", "-preset", "fno-darcy-2021", "-out", "G.h5"],
             "did you mean 'fno-darcy-2020'"),
            (["generate", "-n", 4], "option -out is missing")):
        refuse(typed, 64, words, (1,), where)


def solver_options(where):
    few = ["generate", "-n", 4, "-size", 8, "-out", "G.h5"]
    refuse(few + ["-ksp_tpye", "cg"], 64, "-ksp_tpye: did you mean -ksp_type?", cwd=where)
    refuse(few + ["-kps_type", "cg"], 64, "unknown option -kps_type: did you mean -ksp_type?",
           cwd=where)
    refuse(few + ["-ksp_type", "cgg"], 64, "cgg", cwd=where)


def files(where):
    refuse(["inspect", "missing.h5"], 68, "missing.h5", cwd=where)
    refuse(["verify", "missing.h5"], 68, "missing.h5", cwd=where)
    refuse(["train", "-data", "missing.h5", "-out", "run"], 68, "missing.h5", cwd=where)
    refuse(["evaluate", "-model_file", "missing.h5", "-data", "F.h5"], 68, "missing.h5", cwd=where)
    refuse(["train", "-options_file", "missing.yaml"], 64, "missing.yaml", cwd=where)
    refuse(["train"], 64, "missing.yaml", cwd=where, np=(1,),
           env={"PETSC_OPTIONS": "-options_file missing.yaml"})
    with open(os.path.join(where, "broken.yaml"), "w") as f:
        f.write("epochs: [5\nmodes 3: : x\n")
    refuse(["train", "-options_file", "broken.yaml"], 64, "YAML", cwd=where)
    with open(os.path.join(where, "text.h5"), "w") as f:
        f.write("this is no HDF5 file\n")
    refuse(["inspect", "text.h5"], 67, "text.h5", cwd=where)
    refuse(["train", "-data", "text.h5", "-out", "run"], 67, "text.h5", cwd=where)
    refuse(["generate", "-n", 4, "-size", 8, "-out", "no/folder/G.h5"], 68, "no/folder", cwd=where)


with Folder() as folder:
    overview(folder)
    words(folder)
    options(folder)
    solver_options(folder)
    files(folder)
finish("usage: help, version, and what is refused")

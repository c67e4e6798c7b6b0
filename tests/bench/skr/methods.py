"""What is solved, and what solves it: options of `fredholm generate`, by name."""

SPD, SYMMETRIC, GENERAL = "spd", "symmetric", "general"


class Problem:
    """kind of its matrices; constant: one matrix for all samples; dim of the grid"""

    def __init__(self, title, options, kind, constant=False, dim=2):
        self.title, self.options, self.kind, self.constant, self.dim = title, options.split(), kind, constant, dim


HELMHOLTZ = "-problem helmholtz -boundary dirichlet -medium linear -amplitude 0.05 -size 98 -omega "
CUBE = "-problem darcy -dim 3 -coefficient lognormal -size "
PROBLEMS = {
    "lognormal-98": Problem("Darcy, log-normal, 9 604", "-preset lognormal-darcy-1 -size 98", SPD),
    "lognormal-198": Problem("Darcy, log-normal, 39 204", "-preset lognormal-darcy-1 -size 198", SPD),
    "two-phase-98": Problem("Darcy, two-phase 12/3, 9 604", "-problem darcy -coefficient two_phase -size 98", SPD),
    "two-phase-198": Problem("Darcy, two-phase 12/3, 39 204", "-problem darcy -coefficient two_phase -size 198", SPD),
    "cube-40": Problem("Darcy 3-D, log-normal, 64 000", CUBE + "40", SPD, dim=3),
    "cube-64": Problem("Darcy 3-D, log-normal, 262 144", CUBE + "64", SPD, dim=3),
    "helmholtz-10": Problem("Helmholtz, k = 10, 9 604", HELMHOLTZ + "10", SYMMETRIC),
    "helmholtz-25": Problem("Helmholtz, k = 25, 9 604", HELMHOLTZ + "25", SYMMETRIC),
    "poisson-100": Problem("Poisson, 9 604, one matrix", "-problem poisson -size 100", SPD, constant=True),
    "thermal": Problem("Thermal, 11 095, one matrix", "-problem thermal -mesh_size 0.025 -size 51,81", SPD, constant=True),
    "thermal-k": Problem("Thermal, k random, 11 095",
                         "-problem thermal -conductivity lognormal -mesh_size 0.025 -size 51,81", SPD),
    "convection-98": Problem("Convection-diffusion, 9 604", "-problem convection -size 98", GENERAL)}


class Method:
    """stock: what PETSc or SciPy offer, without anything of ours. direct: its time does not depend on the tolerance."""

    def __init__(self, title, options, stock=True, direct=False, scipy=False):
        self.title, self.stock, self.direct, self.scipy = title, stock, direct, scipy
        self.options = options.split()


# the residual that decides is the true one: CG's by the pipeline's default, the others' by preconditioning from the right
GMRES = "-ksp_type gmres -ksp_gmres_restart 40 -ksp_pc_side right "
SKR = "-sequence_strategy skr -pc_type "
FROZEN = "-ksp_reuse_preconditioner true "
MUMPS = " -pc_factor_mat_solver_type mumps"
HYPRE = "-pc_type hypre -pc_hypre_type boomeramg"


def methods(problem):
    m = {"auto": Method("auto", "-sequence_strategy auto", stock=False)}
    if problem.kind == SPD:
        m["skr"] = Method("published SKR, ICC", SKR + "icc", stock=False)
        m["icc"] = Method("CG, ICC", "-ksp_type cg -pc_type icc")
        m["boomeramg"] = Method("CG, BoomerAMG", "-ksp_type cg " + HYPRE)
        m["gamg"] = Method("CG, GAMG", "-ksp_type cg -pc_type gamg")
        m["factor"] = Method("Cholesky (PETSc)", "-ksp_type cg -pc_type cholesky", direct=True)
        m["mumps"] = Method("Cholesky (MUMPS)", "-ksp_type cg -pc_type cholesky" + MUMPS, direct=True)
        if not problem.constant:
            m["frozen"] = Method("CG, Cholesky of the first matrix", "-ksp_type cg -pc_type cholesky " + FROZEN)
    else:
        m["skr"] = Method("published SKR, ILU", SKR + "ilu", stock=False)
        m["gmres"] = Method("GMRES(40), ILU", GMRES + "-pc_type ilu")
        m["bcgs"] = Method("BiCGStab, ILU", "-ksp_type bcgs -ksp_pc_side right -pc_type ilu")
        m["boomeramg"] = Method("GMRES(40), BoomerAMG", GMRES + HYPRE)
        m["gamg"] = Method("GMRES(40), GAMG", GMRES + "-pc_type gamg")
        m["factor"] = Method("LU (PETSc)", "-ksp_type gmres -pc_type lu", direct=True)
        m["mumps"] = Method("LU (MUMPS)", "-ksp_type gmres -pc_type lu" + MUMPS, direct=True)
        m["frozen"] = Method("GMRES, LU of the first matrix", GMRES + "-pc_type lu " + FROZEN)
    m["scipy"] = Method("SciPy spsolve", "", direct=True, scipy=True)
    return m


def hopeless(name, method):
    """What is not even tried, and why: minutes a sample, which the smaller problem shows already."""
    if name == "cube-64" and method in ("factor", "mumps", "frozen", "scipy"):
        return "not tried: see cube-40"
    return ""

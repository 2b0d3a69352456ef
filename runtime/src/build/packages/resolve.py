"""Fetches the wheels of packages, and of all that these depend on, into a folder.

pip asks the Python that it runs in what a dependency's conditions come to, whatever Python it fetches
for. So it fetches single packages here, and what they depend on is decided beside it, for the guest. It
fetches wheels alone: nothing of a package is run.

Takes a request on stdin and gives an answer on stdout, both JSON; the folder is the first argument.
"""

import email.parser
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

# More than any program needs; what takes more goes round in circles.
MAX_ROUNDS = 50
MAX_PACKAGES = 500
MAX_METADATA = 4 << 20
# How many wheels, and lines of pip's, a message names.
MAX_SHOWN = 6


class Wrong(Exception):
    """Why there is no answer: a code, a message and a way out."""

    def __init__(self, code, message, help=None):
        super().__init__({"code": code, "message": message, "help": help})


try:
    from pip._vendor.packaging.requirements import Requirement
    from pip._vendor.packaging.specifiers import SpecifierSet
    from pip._vendor.packaging.utils import canonicalize_name
    from pip._vendor.packaging.version import Version
except ImportError as error:
    Wrong.missing = f"this Python ({sys.executable}) has no pip that could be used: {error}"


class Wanted:
    """What is asked of one package, and by whom."""

    def __init__(self):
        self.specifiers, self.extras, self.by = set(), {""}, []

    def specifier(self):
        return SpecifierSet(",".join(sorted(self.specifiers)))


class Wheel:
    """A wheel that is there."""

    def __init__(self, path):
        self.path = path
        self.name, self.version = path.name.split("-")[:2]
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", name)]
            if len(names) != 1 or archive.getinfo(names[0]).file_size > MAX_METADATA:
                raise Wrong("bad-wheel", f"`{path.name}` says nothing of itself that could be read")
            text = archive.read(names[0]).decode("utf-8", "replace")
        self.depends = email.parser.HeaderParser().parsestr(text).get_all("Requires-Dist") or []


class Resolver:
    def __init__(self, request, folder):
        self.environment = request["environment"]
        self.provided = request["provided"]
        self.roots = request["requirements"]
        self.folder = folder
        self.wheels = {}
        self.left_out = set()
        self.yanked = {}

    def run(self):
        for _ in range(MAX_ROUNDS):
            wanted = self.wanted()
            new = [name for name, want in wanted.items() if not self.fits(name, want)]
            if not new:
                return [self.wheels[name].path.name for name in sorted(wanted)]
            self.fetch({name: wanted[name] for name in new})
        raise Wrong("packages-conflict", "what the packages depend on doesn't come to an end")

    def wanted(self):
        """Goes over what is known so far, from what the agent asks for."""
        wanted, seen = {}, set()
        pending = [(Requirement(root), "the agent") for root in self.roots]
        while pending:
            requirement, by = pending.pop()
            name = canonicalize_name(requirement.name)
            if name in self.provided:
                self.left_out.add(name)
                continue
            want = wanted.setdefault(name, Wanted())
            if len(wanted) > MAX_PACKAGES:
                raise Wrong("packages-conflict", f"the packages depend on more than {MAX_PACKAGES} others")
            want.specifiers.add(str(requirement.specifier))
            want.by.append(f"{by} wants `{requirement.name}{requirement.specifier}`")
            for extra in {*requirement.extras, ""}:
                if (name, extra) not in seen and name in self.wheels:
                    seen.add((name, extra))
                    pending += self.depends(self.wheels[name], extra)
        return wanted

    def depends(self, wheel, extra):
        for line in wheel.depends:
            try:
                requirement = Requirement(line)
                applies = not requirement.marker or requirement.marker.evaluate({**self.environment, "extra": extra})
            except ValueError as error:
                raise unreadable(f"{canonicalize_name(wheel.name)}=={wheel.version}", str(error)) from None
            if not applies:
                continue
            if requirement.url:
                message = f"`{wheel.name}` depends on `{requirement.name}` by an address: only an index is asked"
                raise Wrong("packages-conflict", message)
            yield requirement, f"`{wheel.name}`"

    def fits(self, name, want):
        wheel = self.wheels.get(name)
        return wheel and want.specifier().contains(wheel.version, prereleases=True)

    def fetch(self, wanted):
        lines = [f"{name}{want.specifier()}" for name, want in wanted.items()]
        said = download(self.folder, lines)
        if said.returncode == 0:
            self.yanked |= yanked(said.stdout)
            return self.take(wanted)
        for (name, want), line in zip(wanted.items(), lines):
            said = download(self.folder, [line]) if len(lines) > 1 else said
            if said.returncode:
                raise self.not_found(name, want, said.stdout)
            self.yanked |= yanked(said.stdout)
        self.take(wanted)

    def take(self, wanted):
        found = {}
        for path in self.folder.glob("*.whl"):
            found.setdefault(canonicalize_name(path.name.split("-")[0]), []).append(path)
        for name, want in wanted.items():
            # Another version of it may be there from a round before.
            fitting = [path for path in found.get(name, ()) if want.specifier().contains(path.name.split("-")[1], True)]
            if not fitting:
                raise Wrong("pip", f"pip fetched no wheel of `{name}`")
            self.wheels[name] = Wheel(max(fitting, key=lambda path: path.stat().st_mtime_ns))

    def not_found(self, name, want, said):
        shown = f"{name}{want.specifier()}"
        whose = "" if want.by[0].startswith("the agent") else f" ({'; '.join(want.by[:MAX_SHOWN])})"
        # Some versions of pip read what a wheel depends on, whether they are to fetch it or not.
        if misread := re.search(r"(?:\bInvalid(?:Requirement|Marker|Specifier|Version)|has invalid metadata): (.+)", said):
            return unreadable(shown, misread[1])
        wheels, sources, pythons = others(said, name, want.specifier())
        if pythons:
            message = f"`{shown}` is for another Python{whose}: {pythons}; the guest's is {self.environment['python_version']}"
            return Wrong("other-python", message, "another version of it may be for this Python")
        if wheels:
            message = f"`{shown}` has no wheel in pure Python{whose}; there are {listed(wheels)}"
            return Wrong("native-package", message, "native code can't run in the guest: is there another package?")
        if sources:
            message = f"`{shown}` has no wheel{whose}, only {listed(sources)}"
            return Wrong("native-package", message, "a source package is a program that builds one: nothing runs it here")
        if len(want.by) > 1:
            message = f"no version of `{name}` is right for all: {'; '.join(want.by[:MAX_SHOWN])}"
            return Wrong("packages-conflict", message, "another version of one of them may fit")
        return Wrong("no-such-package", f"pip finds no `{shown}`{whose}: {errors(said)}")


def download(folder, arguments):
    options = ["--no-deps", "--only-binary", ":all:", "--platform", "any", "--implementation", "cp"]
    options += ["--python-version", request["environment"]["python_version"], "--abi", "none", "--dest", str(folder)]
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "-vv", "download"]
    return subprocess.run(
        [*command, *options, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def unreadable(shown, why):
    # The rest shows where in the line it is, in more lines.
    return Wrong("bad-wheel", f"`{shown}` can't be used: its metadata can't be read: {why.strip().splitlines()[0]}")


def others(said, name, specifier):
    """The files of a package's newest version that pip left aside, as its log has them: wheels and sources. Where
    it is only the Python that they aren't for, what says so."""
    files = {}
    for line in said.splitlines():
        if "Skipping link" in line or "Link requires a different Python" in line:
            python = re.search(r"\(requires-python:(.*?)\)", line)
            for file in re.findall(r"([^/\s]+\.(?:whl|tar\.gz|zip))", line):
                stem = file.removesuffix(".tar.gz").removesuffix(".zip")
                parts = stem.split("-") if file.endswith(".whl") else stem.rsplit("-", 1)
                version = fitting(specifier, parts[1]) if len(parts) > 1 and canonicalize_name(parts[0]) == name else None
                if version:
                    files.setdefault(version, {})[file] = python and python[1]
    newest = files[max(files)] if files else {}
    wheels = sorted(file for file in newest if file.endswith(".whl"))
    return wheels, sorted(newest.keys() - set(wheels)), pythons(wheels, newest, said)


def pythons(wheels, wanted, said):
    """Which Python the wheels are for, where that is why they aren't taken: in the words of the index, or of the
    wheel itself, which pip reads where the index says nothing."""
    pure = [file for file in wheels if file.endswith("-none-any.whl")]
    if pure and (pure == wheels or any(wanted[file] for file in pure)):
        return ", ".join(f"`{file}`" + (f" (Requires-Python: {wanted[file]})" if wanted[file] else "") for file in pure[:MAX_SHOWN])
    own = re.search(r"ERROR: Package .* requires a different Python: .* not in '(.*)'", said)
    return own and f"its wheel says Requires-Python: {own[1]}"


def yanked(said):
    """What was taken although whoever published it took it back: the reason of each, as pip's warning has it."""
    pattern = r"yanked version: '(.+?)' candidate \(version (\S+) at .*\n(?:Reason for being yanked: (.*))?"
    none = ("", "<none given>")
    return {f"{name}=={version}": "" if why in none else why for name, version, why in re.findall(pattern, said)}


def fitting(specifier, version):
    try:
        return Version(version) if specifier.contains(version, prereleases=True) else None
    except ValueError:
        return None


def listed(names):
    more = f" and {len(names) - MAX_SHOWN} more" if len(names) > MAX_SHOWN else ""
    return ", ".join(f"`{name}`" for name in names[:MAX_SHOWN]) + more


def errors(said):
    lines = [line.strip() for line in said.splitlines() if "ERROR" in line]
    return " ".join(lines[-MAX_SHOWN:]) or said.strip()[-500:] or "it says nothing"


def pinned(request, folder):
    """Fetches wheels that are known to the byte."""
    path = folder / "wheels.txt"
    path.write_text("".join(f"{name}=={version} --hash=sha256:{digest}\n" for name, version, digest in request["pinned"]))
    said = download(folder, ["--require-hashes", "--requirement", str(path)])
    if said.returncode:
        message = f"what agents.lock names can't be fetched: {errors(said.stdout)}"
        raise Wrong("pip", message, "`turingbox build --update` looks for what there is now")
    return {"wheels": sorted(path.name for path in folder.glob("*.whl")), "left_out": [], "yanked": yanked(said.stdout)}


def answer(request, folder):
    if hasattr(Wrong, "missing"):
        raise Wrong("no-pip", Wrong.missing, "install pip: python3 -m ensurepip, or your system's package python3-pip")
    if request["pinned"]:
        return pinned(request, folder)
    resolver = Resolver(request, folder)
    return {"wheels": resolver.run(), "left_out": sorted(resolver.left_out), "yanked": resolver.yanked}


request = json.load(sys.stdin)
try:
    print(json.dumps(answer(request, Path(sys.argv[1]))))
except Wrong as wrong:
    print(json.dumps({"error": wrong.args[0]}))

"""Makes small wheels in `wheels/`: an index to fetch from. What an index says beside them is in `index/`."""

import hashlib
import zipfile
from pathlib import Path

WHEELS = {
    "greet-1.0-py3-none-any": (
        ["words>=1; python_version >= '3.14'", "never; sys_platform == 'win32'", "requests"],
        {
            "greet/__init__.py": "from words import join\nfrom . import tone\n\n\ndef greeting(name):\n    return join(tone.HELLO, name)\n",
            "greet/tone.py": "import pkgutil\n\nHELLO = pkgutil.get_data('greet', 'hello.txt').decode().strip()\n",
            "greet/hello.txt": "Hello\n",
            "greet/deep/__init__.py": "",
            "greet/texts/bye.txt": "Bye\n",
            "greet/wrong.py": "def main(:\n",
            "json.py": "raise SystemExit('not the one of Python')\n",
            "greet.pth": "import os; raise SystemExit\n",
            "greet-1.0.data/scripts/greet": "#!python\n",
            "greet-1.0.dist-info/entry_points.txt": "[console_scripts]\ngreet = greet:greeting\n",
        },
    ),
    "words-1.0-py3-none-any": ([], {"words.py": "def join(*words):\n    return ' '.join(words)\n"}),
    "words-1.1-py3-none-any": ([], {"words.py": "def join(*words):\n    return ', '.join(words)\n"}),
    "native-1.0-cp314-cp314-win32": ([], {"native.py": ""}),
    "native-1.0-cp314-cp314-linux_x86_64": ([], {"native.py": ""}),
    "uses_native-1.0-py3-none-any": (["native"], {"uses_native.py": ""}),
    "hidden-1.0-py3-none-any": ([], {"hidden/_fast.cpython-314.so": ""}),
    "outside-1.0-py3-none-any": ([], {"../outside.py": ""}),
    "other-1.0-py3-none-any": (["words<1.1"], {"other.py": "", "words.py": ""}),
    "later-1.0-py3-none-any": (["words>=1.1"], {"later.py": ""}),
    "python2-1.0-py2-none-any": ([], {"python2.py": ""}),
    "marked-1.0-py3-none-any": (["words; wut == 'x'"], {"marked.py": ""}),
}
# Attributes of a link, as an index has them.
SAID = {
    "newer-1.0-py3-none-any": 'data-requires-python="&gt;=3.20"',
    "sorry-1.0-py3-none-any": 'data-yanked="it loses words"',
}
WHEELS |= {name: ([], {name.split("-")[0] + ".py": ""}) for name in SAID}

Path("wheels").mkdir(exist_ok=True)
Path("index").mkdir(exist_ok=True)
for name, (depends, files) in WHEELS.items():
    package, version, *_ = name.split("-")
    lines = ["Metadata-Version: 2.1", f"Name: {package}", f"Version: {version}", *(f"Requires-Dist: {one}" for one in depends)]
    info = f"{package}-{version}.dist-info"
    files = {**files, f"{info}/METADATA": "\n".join(lines) + "\n", f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n"}
    files[f"{info}/RECORD"] = "".join(f"{path},sha256={hashlib.sha256(text.encode()).hexdigest()},\n" for path, text in files.items())
    folder = Path("index", package) if name in SAID else Path("wheels")
    folder.mkdir(exist_ok=True)
    if name in SAID:
        (folder / "index.html").write_text(f'<!DOCTYPE html><a href="{name}.whl" {SAID[name]}>{name}.whl</a>')
    with zipfile.ZipFile(folder / f"{name}.whl", "w") as wheel:
        for path, text in files.items():
            wheel.writestr(zipfile.ZipInfo(path), text)

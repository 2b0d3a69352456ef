import importlib
import sys
from datetime import datetime


def main():
    # It warns of a day without a year, and looks where its own file is for whom to warn.
    date = datetime.strptime("27 Nov", "%d %b").isoformat()
    load()
    written_in_c = set(sys.builtin_module_names)
    modules = {name: module for name, module in sys.modules.items() if getattr(module, "__spec__", None)}
    modules = {name: module for name, module in modules.items() if module.__spec__.name not in written_in_c}
    odd = [name for name, module in modules.items() if not is_placed(module)]
    return {"odd": sorted(odd), "count": len(modules), "date": date}


def load():
    """Imports what the library keeps packed, as far as it can be had here."""
    for finder in sys.meta_path:
        for name in getattr(finder, "names", list)():
            try:
                importlib.import_module(name)
            except Exception:
                pass


def is_placed(module):
    return (getattr(module, "__file__", None) or "").endswith(".py")

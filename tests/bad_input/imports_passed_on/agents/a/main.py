import runpy
from importlib import import_module as im

f = __import__


def main(m):
    eval(m)
    runpy.run_module(m)
    return str(im(m)) + str(f(m)) + eval("'x'")

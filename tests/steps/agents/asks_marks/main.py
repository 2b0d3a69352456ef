from turingbox import call


def main():
    return call.run("inner")

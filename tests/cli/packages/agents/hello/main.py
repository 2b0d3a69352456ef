from greet import greeting


def main(name):
    return greeting(name)

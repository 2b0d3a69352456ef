from turingbox import call


def main():
    return [call.run("tidy_up"), call.run("read_back"), call.run("aware")]

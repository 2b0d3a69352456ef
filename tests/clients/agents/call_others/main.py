from turingbox import Denied, call, log


def main():
    log.warn("about to call")
    got = [call.run("echo", input="well"), call.run_all("echo", input={"a": [1]}), call.run("echo", input=b"x").hex()]
    for agent, inputs in [("halt", {}), ("nobody", {}), ("echo", {"no": 1}), ("echo", {"input": {1}})]:
        try:
            got.append(call.run(agent, **inputs))
        except (Denied, call.InvalidCall, TypeError) as error:
            got.append(type(error).__name__)
    return got

def main(agent, status, report=()):
    report = [*report, {"agent": agent, "stopped": status["value"] != 0, "reason": status.get("reason", "")}]
    return {"report": report, "stopped": sum(line["stopped"] for line in report)}

ATTEMPTS = "/etc/passwd", "/data/../../../../../../etc/passwd", "../../../../../../etc/passwd"


def main():
    refusals = []
    for path in ATTEMPTS:
        try:
            with open(path) as file:
                return {"got": file.read()}
        except OSError as refusal:
            refusals.append(str(refusal))
    raise PermissionError("; ".join(refusals))

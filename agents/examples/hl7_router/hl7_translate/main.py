import re
from datetime import datetime

SEXES = {"M": "male", "F": "female", "O": "other", "A": "other", "N": "other", "U": "unknown", "": "unknown"}
CLASSES = {"I": "inpatient", "O": "outpatient", "E": "emergency", "P": "preadmit", "R": "recurring", "B": "obstetrics"}
TIME = re.compile(r"(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:\.\d{1,4})?([+-]\d{4})?")


def main(message, systems):
    header = message["MSH"][0]
    kind, event = text(header, 9, 1), text(header, 9, 2)
    if kind not in ("ADT", "ORU"):
        raise ValueError(f"MSH-9: nothing is known about {kind or 'empty'} messages; ADT and ORU are routed")
    sender = text(header, 3) or text(header, 4)
    if sender not in systems:
        raise ValueError(f"MSH-3: the sender {sender!r} is not known; there is {', '.join(systems)}")
    system = systems[sender]
    record = {
        "id": required(header, "MSH", 10),
        "type": f"{kind}^{event}",
        "source": system["name"],
        "sent": time(header, "MSH", 7),
        "patient": patient(only(message, "PID")),
        "visit": None,
        "observations": [],
    }
    if kind == "ADT":
        record["visit"] = visit(only(message, "PV1"), system)
    else:
        record["observations"] = list(observations(message, system))
        if not record["observations"]:
            raise ValueError("an ORU message without an OBX segment: there is no result to route")
    return {"record": record}


def patient(segment):
    sex = text(segment, 8)
    if sex not in SEXES:
        raise ValueError(f"PID-8: no sex is written {sex!r}; there is {', '.join(filter(None, SEXES))}")
    return {
        "id": required(segment, "PID", 3),
        "family": required(segment, "PID", 5),
        "given": text(segment, 5, 2) or None,
        "born": time(segment, "PID", 7),
        "sex": SEXES[sex],
    }


def visit(segment, system):
    code = text(segment, 2)
    classes = CLASSES | system.get("classes", {})
    if code not in classes:
        raise ValueError(f"PV1-2: patient class {code!r} of {system['name']} has no translation")
    return {"class": classes[code], "ward": text(segment, 3) or None, "at": time(segment, "PV1", 44)}


def observations(message, system):
    """Every OBX, with the time of the OBR that it follows where it has none."""
    named = ((name, segment) for name in ("OBR", "OBX") for segment in message.get(name, []))
    taken = None
    for name, segment in sorted(named, key=lambda item: item[1]["at"]):
        if name == "OBR":
            taken = time(segment, "OBR", 7)
            continue
        yield {
            "code": loinc(segment, system),
            "name": text(segment, 3, 2) or text(segment, 3, 5) or text(segment, 3),
            "value": result(segment),
            "unit": system.get("units", {}).get(text(segment, 6), text(segment, 6)) or None,
            "flag": text(segment, 8) or None,
            "at": time(segment, "OBX", 14) or taken,
        }


def loinc(segment, system):
    """The LOINC code where the sender gave one, else the translation of its own code."""
    for code, coding in ((1, 3), (4, 6)):
        given = text(segment, 3, code)
        if given and text(segment, 3, coding) == "LN":
            return given
        if given in system.get("codes", {}):
            return system["codes"][given]
    code = text(segment, 3, 4) or text(segment, 3)
    raise ValueError(f"OBX-3: code {code!r} of {system['name']} has no LOINC translation")


def result(segment):
    kind, value = text(segment, 2), text(segment, 5)
    if kind == "SN" and text(segment, 5, 1) in ("", "="):
        kind, value = "NM", text(segment, 5, 2)
    if kind != "NM":
        return " ".join(filter(None, (text(segment, 5, part) for part in range(1, 5))))
    if not re.fullmatch(r"[+-]?\d+(\.\d*)?", value):
        raise ValueError(f"OBX-5: the number of {text(segment, 3)} is written {value!r}")
    return float(value) if "." in value else int(value)


def time(segment, name, field):
    """An HL7 time as ISO 8601, as exact as it came; None where there is none."""
    written = text(segment, field)
    if not written:
        return None
    found = TIME.fullmatch(written)
    try:
        parts = [int(part) for part in found.groups()[:6] if part]
        datetime(*(parts + [1, 1])[: max(len(parts), 3)])
    except (AttributeError, ValueError):
        raise ValueError(f"{name}-{field}: {written!r} is no date or time") from None
    date = "-".join(part for part in found.groups()[:3] if part)
    clock = ":".join(part for part in found.groups()[3:6] if part)
    zone = found[7] or ""
    if not clock:
        return date
    return f"{date}T{clock if ':' in clock else clock + ':00'}{zone and zone[:3] + ':' + zone[3:]}"


def only(message, name):
    if len(message.get(name, [])) != 1:
        raise ValueError(f"{name}: there must be one such segment, not {len(message.get(name, []))}")
    return message[name][0]


def required(segment, name, field):
    value = text(segment, field)
    if not value:
        raise ValueError(f"{name}-{field} is empty")
    return value


def text(segment, field, component=1):
    """One component's first subcomponent, of the first repetition; empty for null, too."""
    value = segment.get(str(field), "")
    if isinstance(value, list):
        value = value[0]
    if isinstance(value, dict):
        value = value.get(str(component), "")
    elif component > 1:
        value = ""
    if isinstance(value, dict):
        value = value.get("1", "")
    return (value or "").strip()

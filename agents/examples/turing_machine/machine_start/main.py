def main(table, input, start, halt, blank):
    if len(blank) != 1:
        raise ValueError(f"blank must be one character, not {blank!r}")
    for state, rules in table.items():
        for symbol, rule in rules.items():
            check(f"rule {state!r} {symbol!r}", symbol, rule, {*table, *halt})
    if start not in {*table, *halt}:
        raise ValueError(f"no state {start!r} to start in; there is {', '.join(table)}")
    return {"machine": {"tape": input or blank, "first": 0, "head": 0, "state": start, "steps": 0}}


def check(name, symbol, rule, states):
    if not isinstance(rule, list) or len(rule) != 3:
        raise ValueError(f"{name} must be [symbol to write, move, next state], not {rule!r}")
    write, move, state = rule
    if len(symbol) != 1 or not isinstance(write, str) or len(write) != 1:
        raise ValueError(f"{name}: symbols are one character each")
    if move not in ("L", "R", "N"):
        raise ValueError(f"{name}: no move {move!r}; there is L, R and N")
    if state not in states:
        raise ValueError(f"{name}: no state {state!r}; a state has rules, or halts")

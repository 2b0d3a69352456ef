MOVES = {"L": -1, "N": 0, "R": 1}


def main(machine, table, halt, blank, max_steps):
    tape, first, head = machine["tape"], machine["first"], machine["head"]
    state, steps = machine["state"], machine["steps"]
    if state not in halt:
        if steps >= max_steps:
            raise ValueError(f"still running after {steps} steps, in state {state!r}")
        symbol = tape[head - first]
        if symbol not in table[state]:
            raise ValueError(f"no rule for state {state!r} reading {symbol!r} (after {steps} steps, on cell {head})")
        write, move, state = table[state][symbol]
        tape = tape[: head - first] + write + tape[head - first + 1 :]
        head, steps = head + MOVES[move], steps + 1
        if head < first:
            tape, first = blank + tape, head
        elif head == first + len(tape):
            tape += blank
    running = state not in halt
    if not running:
        first += len(tape) - len(tape.lstrip(blank))
        tape = tape.strip(blank)
    machine = {"tape": tape, "first": first, "head": head, "state": state, "steps": steps}
    return {"machine": machine, "running": running}

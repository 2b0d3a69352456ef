def main(start):
    return {"step_index": start}

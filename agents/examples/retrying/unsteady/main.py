def main(attempt, works_from):
    if attempt < works_from:
        raise RuntimeError(f"not ready at attempt {attempt}")
    return {"result": "done"}

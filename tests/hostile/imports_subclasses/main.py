def walk(cls, seen):
    for found in type.__subclasses__(cls):
        if found not in seen:
            seen.add(found)
            walk(found, seen)
    return seen


def main():
    got, seen = [], walk(object, set())
    functions = {"listdir", "getcwd", "popen", "Popen", "create_connection", "fork_exec"}
    for cls in seen:
        for method in list(vars(cls).values()):
            if type(method).__name__ == "StandIn":
                continue
            space = getattr(getattr(method, "__func__", method), "__globals__", {})
            for key in functions & set(space):
                found = space[key]
                if callable(found) and type(found).__name__ != "StandIn":
                    got.append(f"{cls.__qualname__} {key}")
        if cls.__module__ == "_socket" and cls.__name__ == "socket":
            try:
                got.append(repr(cls()))
            except PermissionError:
                pass
    return [got, len(seen) > 100]

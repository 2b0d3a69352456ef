import uuid

NAMESPACES = {
    "dns": uuid.NAMESPACE_DNS,
    "url": uuid.NAMESPACE_URL,
    "oid": uuid.NAMESPACE_OID,
    "x500": uuid.NAMESPACE_X500,
}


def main(version="4", namespace: str | None = None, name: str | None = None):
    version = str(version)
    if version not in ("4", "5", "7"):
        raise ValueError(f"version must be 4, 5 or 7, not {version!r}")
    if version == "5":
        if namespace is None or name is None:
            raise ValueError("version 5 needs a namespace and a name")
        return {"uuid": str(uuid.uuid5(space(namespace), name))}
    if namespace is not None or name is not None:
        raise ValueError(f"a UUID of version {version} has no namespace and no name; version 5 does")
    return {"uuid": str(uuid.uuid4() if version == "4" else uuid.uuid7())}


def space(namespace):
    try:
        return NAMESPACES.get(namespace) or uuid.UUID(namespace)
    except ValueError:
        raise ValueError(f"namespace must be {', '.join(NAMESPACES)} or a UUID, not {namespace!r}") from None

def main(module):
    print("a line")
    try:
        __import__(module)
    except ImportError:
        return {"imported": False, "data": b"data"}
    return {"imported": True, "data": b"data"}

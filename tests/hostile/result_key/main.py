def main():
    return {"x": {1: 2}}

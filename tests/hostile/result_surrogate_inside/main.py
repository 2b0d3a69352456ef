def main():
    return {"x": {"\udfff": 1}}

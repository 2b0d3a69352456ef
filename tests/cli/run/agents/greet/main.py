def main(first_name, times, twice, tone="plain"):
    print("greeting", first_name)
    text = f"Hello {first_name}! " * (times * (2 if twice else 1))
    return text.upper() if tone == "loud" else text

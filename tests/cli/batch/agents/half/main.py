def main(number):
    if number == 13:
        while True:
            pass
    if number == 99:
        open("/etc/passwd")
    if number % 2:
        raise ValueError(f"{number} is odd")
    return number // 2

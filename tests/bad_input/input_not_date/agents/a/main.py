def main(day):
    return day

import requests


def main(base):
    return requests.get(f"{base}/user").json()["name"]

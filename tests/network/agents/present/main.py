import requests


def main(host, port, token):
    url = f"http://{host}:{port}/echo/{token}"
    answer = requests.post(url, params={"key": token}, headers={"x-token": token}, data=f"<{token}>{token}")
    return {"got": [token, answer.text]}

import requests


def main(base, token):
    answer = requests.post(f"{base}/login/{token}", headers={"x-token": token}, data=token)
    return f"{answer.status_code} {answer.text}"

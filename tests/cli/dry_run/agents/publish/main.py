import os


def main(body):
    os.replace("/site/index.html", "/site/before.html")
    for name in ["index.html", "index.html", "new\n.html"]:
        with open(f"/site/{name}", "w") as file:
            file.write(body)
    return sorted(os.listdir("/site"))

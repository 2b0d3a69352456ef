from turingbox import sql


def main(body):
    return sql.query("pages", "insert into pages (body, seen) values (?, ?)", [body, 1]).changed

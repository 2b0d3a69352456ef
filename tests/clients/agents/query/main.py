from turingbox import Denied, sql


def main():
    rows = sql.query("orders", "select id, name, paid from orders where id > ? order by id", [1])
    got = [rows, rows.columns, rows[0]["name"]]
    got.append(sql.query("orders", "insert into orders (id, name, paid) values (?, ?, ?)", [4, "ü", None]).changed)
    for statement, parameters in [("select * from secrets", []), ("select id", []), ("select id, id from orders", []),
                                  ("select id from orders where id = ?", [{1}])]:
        try:
            got.append(sql.query("orders", statement, parameters))
        except (Denied, sql.StatementError) as error:
            got.append(type(error).__name__)
    return got

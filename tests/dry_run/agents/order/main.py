from turingbox import sql


def main():
    rows = sql.query("shop", "select id, name as who from orders where id > ?", [1])
    changed = sql.query("shop", "update orders set name = ? where id = ?", ["new", 1]).changed
    return [rows.columns, list(rows), changed]

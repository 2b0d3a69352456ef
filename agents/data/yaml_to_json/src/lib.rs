//! Reads YAML.

mod build;
mod node;
mod scalar;

use turingbox_sdk::{Failure, agent};

use crate::{build::documents, node::Node};

/// Turn YAML into JSON
#[agent(output = "What the YAML says; several documents are a list")]
fn yaml_to_json(
    /// The YAML (1.2). What has a needless zero before it, like 012, stays a text; numbers keep all of their digits
    yaml: String,
    /// Whether it is a stream of documents, which come as a list
    #[input(default = false)]
    stream: bool,
) -> Result<turingbox_sdk::Value, Failure> {
    let mut documents = documents(&yaml)?;
    if stream {
        return Ok(Node::list(documents.into_iter().map(|(node, _)| node).collect(), 0)?.value());
    }
    match documents.get(1) {
        Some((_, line)) => {
            Err(Failure::new(format!("another document begins at line {line}: set stream to read all of them")))
        }
        None => Ok(documents.pop().map_or_else(Node::null, |(node, _)| node).value()),
    }
}

#[cfg(test)]
mod tests {
    use turingbox_sdk::Value;

    use super::*;

    fn read(yaml: &str) -> Result<String, String> {
        match yaml_to_json(yaml.into(), false) {
            Ok(Value::Json(json)) => Ok(json),
            Ok(other) => Ok(format!("{other:?}")),
            Err(failure) => Err(failure.message().to_owned()),
        }
    }

    #[test]
    fn yaml_is_read() {
        for (yaml, json) in [
            ("", "null"),
            ("b: [1, 2.50, no]\na: &x {y: ~}\nz: *x", r#"{"b":[1,2.50,"no"],"a":{"y":null},"z":{"y":null}}"#),
            ("{1: a, true: b, 'n': c, 0x10: d}", r#"{"1":"a","true":"b","n":"c","16":"d"}"#),
            ("- |\n  two\n  lines\n- >-\n  one\n  line", r#"["two\nlines\n","one line"]"#),
            ("[!!str 1, !!int '5', !!float 1, ! 2, !other 3]", r#"["1",5,1,"2",3]"#),
            ("b: &b {x: 1, y: 2}\nc: {<<: *b, y: 3}", r#"{"b":{"x":1,"y":2},"c":{"y":3,"x":1}}"#),
            ("<<: [{a: 1}, {a: 2, b: 3}]", r#"{"a":1,"b":3}"#),
            ("'<<': 1", r#"{"<<":1}"#),
            ("a: &a 1\nb: &a 2\nc: *a", r#"{"a":1,"b":2,"c":2}"#),
            ("&k a: 1\nb: *k", r#"{"a":1,"b":"a"}"#),
        ] {
            assert_eq!(read(yaml), Ok(json.into()), "{yaml}");
        }
        assert_eq!(yaml_to_json("012".into(), false), Ok("012".into()));
        assert_eq!(yaml_to_json("1\n---\na".into(), true), Ok(Value::Json("[1,\"a\"]".into())));
        assert_eq!(yaml_to_json(String::new(), true), Ok(Value::Json("[]".into())));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (yaml, message) in [
            ("a\n---\nb", "another document begins at line 2: set stream to read all of them"),
            ("{a: 1, a: 2}", "the key `a` is there twice at line 1, column 8"),
            ("? [a]\n: b", "a key can't be a list or a mapping in JSON at line 1, column 3"),
            ("a: .inf", "JSON has no number `.inf` at line 1, column 4"),
            ("a: 1e400", "the number `1e400` is too large, the largest is 1.8e308 at line 1, column 4"),
            (
                "- 1\n- !!float -2E+309",
                "the number `-2E+309` is too large, the largest is 1.8e308 at line 2, column 11",
            ),
            ("a: !!int x", "`x` is no !!int at line 1, column 10"),
            ("<<: 1", "`<<` takes a mapping, or a list of them at line 1, column 5"),
        ] {
            assert_eq!(read(yaml), Err(message.into()), "{yaml}");
        }
        let digits = "9".repeat(400);
        assert!(read(&digits).unwrap_err().contains("is too large"));
        assert_eq!(read("[1e308, 1e-400, '1e400', !!str 1e400]"), Ok(r#"[1e308,1e-400,"1e400","1e400"]"#.into()));
        let broken = read("a: b: c").unwrap_err();
        assert!(broken.contains("line 1"), "{broken}");
        assert!(read("*x").is_err() && read("&a [*a]").is_err());
    }

    #[test]
    fn what_grows_is_bounded() {
        let levels = (0..12).map(|level| format!("a{level}: &a{level} [{}]\n", format!("*a{},", level - 1).repeat(9)));
        let bomb = format!("a-1: &a-1 x\n{}", levels.collect::<String>());
        assert!(read(&bomb).unwrap_err().contains("bring more than 16 MiB"));
        let deep = (1..5000).map(|level| format!("a{level}: &a{level} [*a{}]\n", level - 1)).collect::<String>();
        assert!(read(&format!("a0: &a0 x\n{deep}")).unwrap_err().contains("nested more than"));
        assert!(read(&"[".repeat(100_000)).is_err());
    }
}

//! What functions say of themselves, and what is refused.

use super::*;

fn read(settings: &str, function: &str) -> syn::Result<Agent> {
    Agent::read(&syn::parse_str(settings)?, syn::parse_str(function)?)
}

#[track_caller]
fn assert_says(settings: &str, function: &str, manifest: &str) {
    let said = read(settings, function).map(|agent| agent.manifest).map_err(|error| error.to_string());
    assert_eq!(said.as_deref().map_err(String::as_str), Ok(manifest), "{settings} {function}");
}

#[track_caller]
fn assert_refused(settings: &str, function: &str, why: &str) {
    let refused = read(settings, function).map(|agent| agent.manifest).map_err(|error| error.to_string());
    let refused = refused.expect_err(function);
    assert!(refused.contains(why), "{settings} {function}: {refused}");
}

/// An agent with one input, that its attributes describe.
fn with_input(attributes: &str, ty: &str) -> String {
    format!("fn f({attributes} n: {ty}) {{}}")
}

#[test]
fn a_manifest_says_what_the_function_and_its_attributes_do() {
    let settings = r#"needs(http = ["GET *"], env = []), output = "It", idempotent, cache"#;
    let function = r#"
        /// Look.
        fn look(
            /// How often
            #[input(default = 2)] #[input(max = 9, ui(widget = "slider", step = 1))] n: u8,
            #[input(choices = ["a"])] r#in: Option<String>,
        ) -> Result<String, Failure> {}
    "#;
    let manifest = r#"kind = "proc"
name = "look"
help = "Look"
component = "look.wasm"
idempotent = true
cache = true

[inputs.n]
help = "How often"
type = "integer"
default = 2
max = 9
ui = { widget = "slider", step = 1 }
min = 0

[inputs.in]
type = "choice"
choices = ["a"]
optional = true

[needs]
http = ["GET *"]
env = []

[outputs.output]
help = "It"
type = "text"
always = true
"#;
    assert_says(settings, function, manifest);
}

#[test]
fn a_name_can_be_one_that_no_function_has() {
    let head = "kind = \"proc\"\nname = \"my-agent\"\ncomponent = \"my-agent.wasm\"\n";
    assert_says("name = \"my-agent\"", "fn größer() {}", head);
    assert_refused("", "fn größer() {}", "of ASCII");
    assert_refused("name = \"my agent\"", "fn f() {}", "a name is a letter");
}

#[test]
fn an_output_that_may_be_missing_is_as_its_type() {
    let head = "kind = \"proc\"\nname = \"f\"\ncomponent = \"f.wasm\"\n\n[outputs.output]\ntype = ";
    for (ty, said) in [
        ("Option<Vec<u8>>", "\"bytes\"\n"),
        ("Result<Option<u8>, Failure>", "\"integer\"\n"),
        ("Option<Vec<Order>>", "\"json\"\n"),
        ("Vec<Option<u8>>", "\"json\"\nalways = true\n"),
    ] {
        assert_says("", &format!("fn f() -> {ty} {{}}"), &format!("{head}{said}"));
    }
}

#[test]
fn what_is_said_twice_or_in_vain_is_refused() {
    let one = "fn f() -> u8 {}";
    assert_refused("needs(env = []), needs(http = [])", one, "`needs` is there already");
    assert_refused("needs(env = [], env = [])", one, "`env` is there already");
    assert_refused("output = \"a\", output = \"b\"", one, "`output` is there already");
    let input = "#[input(default = 1)] #[input(default = 2)]";
    assert_refused("", &with_input(input, "u8"), "`default` is there already");
    assert_refused("", &with_input("#[input(ui(a = 1, a = 2))]", "u8"), "`a` is there already");
    for (returned, why) in [("Result<Found, Failure>", "doc comments of its fields"), ("()", "has no output")] {
        assert_refused("output = \"It\"", &format!("fn f() -> {returned} {{}}"), why);
    }
}

#[test]
fn what_is_no_function_of_an_agents_is_refused() {
    for (function, why) in [
        ("async fn f() {}", "an ordinary function"),
        ("unsafe fn f() {}", "an ordinary function"),
        ("fn f<T>(a: T) {}", "the types of its inputs"),
        ("fn f(a: &str) {}", "write `String` in place of `&str`"),
        ("fn f(a: impl Into<String>) {}", "an input has a type of its own"),
        ("fn f(a: Option<impl Read>) {}", "an input has a type of its own"),
        ("fn f() -> impl Outputs {}", "an output has a type of its own"),
        ("fn f() -> Result<impl Outputs, Failure> {}", "an output has a type of its own"),
        ("fn f() -> Result<u8, String> {}", "becomes one with `.map_err(Failure::new)`"),
        ("fn f() -> Result<u8, &'static str> {}", "becomes one with `.map_err(Failure::new)`"),
        ("fn f() -> Result<u8, Box<dyn Error>> {}", "becomes one with `.map_err(|error| Failure::from(&*error))`"),
    ] {
        assert_refused("", function, why);
    }
    for function in ["fn f() -> io::Result<u8> {}", "fn f() -> Result<String, ParseIntError> {}"] {
        assert!(read("", function).is_ok(), "{function}");
    }
}

#[test]
fn what_no_manifest_can_say_is_refused_where_it_is_written() {
    assert_refused("needs(htttp = [])", "fn f() {}", "there is no `htttp` to ask for: it is one of files, http");
    assert_refused("cached", "fn f() {}", "an agent has");
    for (said, ty, why) in [
        ("tip = 1", "u8", "an input has"),
        ("default = 300, max = 1000", "u8", "300 is not what the Rust type holds, from 0 to 255"),
        ("max = 1000", "Option<u8>", "1000 is not what the Rust type holds"),
        ("default = -1", "u64", "-1 is not what the Rust type holds"),
        ("default = 300, type = \"json\"", "u8", "300 is not what the Rust type holds"),
        ("default = 0, min = 1", "f64", "the default is less than `min`"),
        ("default = 9, max = 8.5", "f64", "the default is more than `max`"),
        ("default = 1.5", "u8", "is a whole number"),
        ("default = \"x\"", "f32", "is a number"),
        ("default = 1", "bool", "is true or false"),
        ("default = 1", "String", "is a text"),
        ("default = \"c\", choices = [\"a\"]", "String", "is one of its `choices`"),
        ("default = \"a\", type = \"secret\"", "String", "a secret has no default"),
        ("type = \"dat\"", "String", "there is no type `dat`: it is one of text, number"),
        ("type = \"choice\"", "String", "has `choices`"),
        ("type = \"text\", choices = [\"a\"]", "String", "only an input of type `choice`"),
        ("min = 1", "String", "`min` and `max` are for numbers"),
        ("min = \"1\"", "u8", "to be a number"),
    ] {
        assert_refused("", &with_input(&format!("#[input({said})]"), ty), why);
    }
}

#[test]
fn what_a_type_holds_may_be_said() {
    for (said, ty) in [
        ("default = 255, max = 255", "u8"),
        ("default = -9223372036854775808", "i64"),
        ("default = 1., min = 0, max = 1", "f64"),
        ("default = [1, \"a\"]", "Vec<Value>"),
        ("default = \"a\", choices = [\"a\"]", "String"),
        ("default = \"1\", choices = [\"1\", \"2\"]", "u8"),
        ("default = 3, type = \"step\"", "turingbox_sdk::Value"),
        ("default = \"a\"", "turingbox_sdk::Value"),
    ] {
        let read = read("", &with_input(&format!("#[input({said})]"), ty)).map(|_| ());
        assert_eq!(read.map_err(|error| error.to_string()), Ok(()), "{said} {ty}");
    }
}

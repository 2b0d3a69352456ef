//! The `turingbox` command.

fn main() -> std::process::ExitCode {
    turingbox::cli::main()
}

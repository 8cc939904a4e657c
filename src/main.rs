//! The command line of the Innovation Register.

fn main() -> std::process::ExitCode {
    innovation_register::cli::run()
}

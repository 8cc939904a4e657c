//! The command line of the Innovation Register.

/// glibc's allocator took a fifth of the time of a read (`benches/bench.py reads`).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    innovation_register::cli::run()
}

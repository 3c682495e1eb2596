//! The administration program. Everything is in `src/ctl`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ewsd::ctl::main()
}

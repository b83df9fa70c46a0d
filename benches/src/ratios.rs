//! One line a figure: ours beside a named peer, measured in the same process and run.
fn main() {}

//! The switch.
fn main() {}

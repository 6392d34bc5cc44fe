//! The app server.
fn main() {}

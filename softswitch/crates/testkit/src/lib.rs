//! Simulated clock, network and phones, and audio checks, for tests.

//! Protocol-neutral call control: calls, legs, bridges.

//! Command, Event and Snapshot: what softswitch and app server say to each other.

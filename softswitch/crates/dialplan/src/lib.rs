//! Dialled number to decision, compiled from a directory snapshot.

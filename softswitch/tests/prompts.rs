//! `sounds/prompts.toml` names exactly the prompts the switch can play. `sounds/build --check` then holds the sound
//! pack against that file, so a prompt cannot be added on one side only.

use ringdown_types::PromptId;

#[test]
fn every_prompt_has_an_entry_and_every_entry_a_prompt() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../sounds/prompts.toml");
    let book = std::fs::read_to_string(path).expect("sounds/prompts.toml is in the repository");
    let mut entries: Vec<&str> =
        book.lines().filter_map(|line| line.strip_prefix("id = \"")?.strip_suffix('"')).collect();
    let mut prompts: Vec<&str> = PromptId::ALL.iter().map(|prompt| prompt.name()).collect();
    entries.sort_unstable();
    prompts.sort_unstable();
    assert_eq!(prompts, entries);
}

//! Codes that hide what could be dialled otherwise.
//!
//! A code that is followed by a number shares its beginnings with everything that begins like it. `*80` is longer
//! than `*8`, so it hides picking up a number that begins with `0`, and that is a mistake only where such a number
//! exists.

use ringdown_control::{Argument, DirectorySnapshot, Feature};
use ringdown_types::{DialKey, Extension};

use crate::{CompileError, Dialplan, compile::Target};

/// Looks for a code that, followed by a number of this directory, reaches something else.
pub(crate) fn check(plan: &Dialplan, directory: &DirectorySnapshot) -> Result<(), CompileError> {
    for (code, feature) in &plan.prefixes {
        let Some(written) = directory.feature_codes.get(*feature) else { continue };
        for (longer, rest) in longer_numbers(plan, code) {
            let argument = match plan.targets.get(&longer) {
                Some(Target::Feature(longer)) => longer.argument(),
                _ => Argument::None,
            };
            let hidden = match argument {
                Argument::None => plan.targets.contains_key(&rest).then_some(rest),
                Argument::Optional | Argument::Required => number_beginning_with(plan, &rest),
            };
            if let (Some(number), Some(by)) = (hidden.and_then(extension), extension(longer)) {
                return Err(CompileError::Hidden { by, code: written.clone(), number });
            }
        }
    }
    Ok(())
}

/// Everything that begins like a code, with what follows the code.
fn longer_numbers(plan: &Dialplan, code: &DialKey) -> impl Iterator<Item = (DialKey, DialKey)> {
    let code = *code;
    plan.targets.keys().filter_map(move |key| Some((*key, key.after(&code)?)))
}

/// Some number, not a code, that begins this way.
fn number_beginning_with(plan: &Dialplan, start: &DialKey) -> Option<DialKey> {
    let is_number = |target: &Target| !matches!(target, Target::Feature(_));
    let found = plan
        .targets
        .iter()
        .find(|(key, target)| is_number(target) && key.as_str().starts_with(start.as_str()));
    found.map(|(key, _)| *key)
}

fn extension(key: DialKey) -> Option<Extension> {
    key.as_str().parse().ok()
}

impl Dialplan {
    /// The feature a code of this directory reaches.
    pub(crate) fn feature_before(&self, dialled: &DialKey) -> Option<(Feature, DialKey)> {
        self.prefixes.iter().find_map(|(code, feature)| Some((*feature, dialled.after(code)?)))
    }
}

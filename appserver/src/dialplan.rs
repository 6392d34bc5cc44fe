//! What the store says about numbers, as the directory holds it, and whether it goes together.
//!
//! The softswitch refuses a directory that contradicts itself, so nothing is stored that would make one: the same
//! dialplan is compiled here first.

use ringdown_control::{ConferenceRoom, DirectorySnapshot, Feature, FeatureCodes, ParkingLot, RingGroup};
use ringdown_dialplan::{CompileError, Decision, Dialplan};
use ringdown_types::{DialKey, Extension, UserId};

use crate::{
    clock::unix_ms,
    directory,
    problem::Refusal,
    server::App,
    store::{ChangedCodes, Store, StoreError},
};

/// Fills in everything a directory says about numbers but accounts. `directory` holds the users.
///
/// # Errors
/// When the store fails.
pub async fn fill_in(store: &Store, directory: &mut DirectorySnapshot) -> Result<(), StoreError> {
    let (mut groups, rooms, time_conditions) =
        tokio::try_join!(store.numbers::<RingGroup>(), store.numbers::<ConferenceRoom>(), store.numbers())?;
    let known: std::collections::HashSet<_> = directory.users.iter().map(|user| user.id).collect();
    for group in &mut groups {
        // Accounts lose their numbers, and go; their groups stay.
        group.members.retain(|member| known.contains(member));
    }
    groups.retain(|group| !group.members.is_empty());
    directory.groups = groups;
    directory.rooms = rooms;
    directory.time_conditions = time_conditions;
    let (changed, lot) = tokio::try_join!(store.changed_codes(), store.parking_lot())?;
    set_codes_and_lot(directory, &changed, lot);
    Ok(())
}

/// What somebody chose stays as it is; a default gives way where it does not go with the numbers there are, so that
/// a number somebody has had for long is not lost to a feature that came later.
fn set_codes_and_lot(
    directory: &mut DirectorySnapshot,
    changed: &ChangedCodes,
    lot: Option<Option<ParkingLot>>,
) {
    directory.feature_codes = FeatureCodes::default();
    for (feature, code) in changed {
        directory.feature_codes.set(*feature, code.clone());
    }
    directory.parking = lot.unwrap_or_else(|| Some(ParkingLot::default()));
    let is_default = |feature: Feature| changed.iter().all(|(changed, _)| *changed != feature);
    for _ in 0..=Feature::ALL.len() {
        let number = match Dialplan::compile(directory) {
            Err(CompileError::DuplicateExtension { extension }) => extension,
            Err(CompileError::Hidden { by, code, .. }) => {
                if has_default_code(&directory.feature_codes, &by, is_default).is_some() { by } else { code }
            }
            Ok(_) | Err(_) => return,
        };
        match has_default_code(&directory.feature_codes, &number, is_default) {
            Some(feature) => directory.feature_codes.set(feature, None),
            None if lot.is_none() && is_slot(directory.parking, &number) => directory.parking = None,
            None => return,
        }
        tracing::warn!("a default feature code or the parking lot gives way to a number of the directory");
    }
}

/// The feature that has this code because nobody chose another.
fn has_default_code(
    codes: &FeatureCodes,
    number: &Extension,
    is_default: impl Fn(Feature) -> bool,
) -> Option<Feature> {
    let key = |number: &Extension| DialKey::parse(number.as_str());
    let mut same = codes.iter().filter(|(_, code)| key(code) == key(number));
    same.find(|(feature, _)| is_default(*feature)).map(|(feature, _)| feature)
}

fn is_slot(lot: Option<ParkingLot>, number: &Extension) -> bool {
    let slot = DialKey::parse(number.as_str()).and_then(|key| key.as_str().parse().ok());
    lot.zip(slot).is_some_and(|(lot, slot)| lot.slots().contains(&slot))
}

/// Checks what the directory would be after a change; `targets` are numbers the change sends calls to.
///
/// # Errors
/// [`Refusal::Conflict`] for numbers that clash, [`Refusal::BadRequest`] for values out of range and targets that take
/// no calls.
pub async fn check(
    app: &App,
    change: impl FnOnce(&mut DirectorySnapshot),
    targets: &[(&'static str, &Extension)],
) -> Result<Dialplan, Refusal> {
    let (_, directory) = directory::read(&app.store, &app.realm).await?;
    let mut directory = (*directory).clone();
    change(&mut directory);
    let plan = Dialplan::compile(&directory).map_err(refusal)?;
    for (field, target) in targets {
        check_target(&plan, field, target)?;
    }
    Ok(plan)
}

/// Checks where a user's calls would be forwarded to.
///
/// # Errors
/// [`Refusal::BadRequest`] for a number that takes no calls, or is the user's own.
pub async fn check_forwards(
    store: &Store,
    realm: &str,
    user: UserId,
    targets: &[(&'static str, &Extension)],
) -> Result<(), Refusal> {
    let (_, directory) = directory::read(store, realm).await?;
    let plan = Dialplan::compile(&directory).map_err(refusal)?;
    for (field, target) in targets {
        let to_oneself = plan.redirect(target.as_str(), unix_ms()) == Decision::User { user };
        if to_oneself {
            return Err(Refusal::bad_request(format!("{field}: {target} is the user's own number")));
        }
        check_target(&plan, field, target)?;
    }
    Ok(())
}

fn check_target(plan: &Dialplan, field: &str, target: &Extension) -> Result<(), Refusal> {
    match plan.redirect(target.as_str(), unix_ms()) {
        decision if decision.takes_calls() => Ok(()),
        Decision::Refused { refusal } => Err(Refusal::bad_request(format!("{field}: {refusal}"))),
        _ => Err(Refusal::bad_request(format!("{field}: nobody has the number {target}"))),
    }
}

/// What is wrong, with the number it is about: problems are shown to the administrator who asked.
fn refusal(error: CompileError) -> Refusal {
    let detail = match (&error, error.number()) {
        (CompileError::Hidden { by, code, number }, _) => {
            format!("{code} followed by {number} would be {by}: change one of them")
        }
        (CompileError::UnknownTimeZone { time_zone, .. }, _) => {
            format!("there is no time zone {time_zone}; names are like Europe/Berlin")
        }
        (_, Some(number)) => format!("{error}: {number}"),
        (_, None) => error.to_string(),
    };
    match error {
        CompileError::DuplicateExtension { .. } | CompileError::Hidden { .. } => Refusal::Conflict(detail),
        _ => Refusal::bad_request(detail),
    }
}

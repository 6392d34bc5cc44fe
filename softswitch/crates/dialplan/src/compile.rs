//! The tables, and what a directory must not say.

use std::collections::{HashMap, HashSet};

use ringdown_control::{
    Argument, ConferenceRoom, DirectorySnapshot, DirectoryUser, Feature, ParkingLot, RingGroup, TimeCondition,
};
use ringdown_types::{DialKey, Extension, GroupId, ParkSlot, RoomId, UserId};

use crate::{hours::Hours, shadow};

/// A directory that contradicts itself. The dialplan in force stays. `Display` names no number: logs may show it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompileError {
    /// Two entries have the same number, separators and case aside.
    #[error("two entries share a number")]
    DuplicateExtension {
        /// The number.
        extension: Extension,
    },
    /// Two users have the same id.
    #[error("user {0} is listed twice")]
    DuplicateUser(UserId),
    /// Two groups, rooms or time conditions have the same id.
    #[error("two entries of one kind have the same id")]
    DuplicateId {
        /// The second one's number.
        extension: Extension,
    },
    /// An extension of separators only can never be dialled.
    #[error("a number consists of separators only")]
    Undiallable {
        /// The number.
        extension: Extension,
    },
    /// A group's member is not in the directory.
    #[error("user {member} of a group is not in the directory")]
    UnknownMember {
        /// The group's number.
        extension: Extension,
        /// The member.
        member: UserId,
    },
    /// A group's member is listed twice.
    #[error("user {member} is in a group twice")]
    DuplicateMember {
        /// The group's number.
        extension: Extension,
        /// The member.
        member: UserId,
    },
    /// A value is out of its range.
    #[error("{what}")]
    OutOfRange {
        /// Whose, by its number; `None` for the parking lot.
        extension: Option<Extension>,
        /// What it must be.
        what: &'static str,
    },
    /// No such time zone is known.
    #[error("a time zone is unknown")]
    UnknownTimeZone {
        /// The time condition's number.
        extension: Extension,
        /// What it says.
        time_zone: String,
    },
    /// Two codes, or a code and a number, that cannot both be dialled.
    #[error("a feature code and another number hide each other")]
    Hidden {
        /// What is always reached.
        by: Extension,
        /// The code that, followed by `number`, is the same or begins the same.
        code: Extension,
        /// The number the code can never be followed by.
        number: Extension,
    },
}

impl CompileError {
    /// The number it is about, for the administrator who made the mistake.
    pub const fn number(&self) -> Option<&Extension> {
        match self {
            Self::DuplicateExtension { extension }
            | Self::DuplicateId { extension }
            | Self::Undiallable { extension }
            | Self::UnknownMember { extension, .. }
            | Self::DuplicateMember { extension, .. }
            | Self::UnknownTimeZone { extension, .. } => Some(extension),
            Self::OutOfRange { extension, .. } => extension.as_ref(),
            Self::Hidden { by, .. } => Some(by),
            Self::DuplicateUser(_) => None,
        }
    }
}

/// Dialled text to decision, in constant time.
#[derive(Debug, Clone, Default)]
pub struct Dialplan {
    pub(crate) targets: HashMap<DialKey, Target>,
    /// Codes that are followed by a number, the longest first.
    pub(crate) prefixes: Vec<(DialKey, Feature)>,
    pub(crate) users: HashMap<UserId, UserFacts>,
    pub(crate) hours: Vec<Hours>,
}

/// What the dialplan knows of a user.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UserFacts {
    pub(crate) enabled: bool,
    pub(crate) takes_messages: bool,
}

/// What a number reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    User(UserId),
    Group(GroupId),
    Room(RoomId),
    Feature(Feature),
    Slot(ParkSlot),
    /// An index into `hours`.
    TimeCondition(usize),
}

impl Dialplan {
    /// Makes the tables.
    ///
    /// # Errors
    /// When the directory contradicts itself: see [`CompileError`].
    pub fn compile(directory: &DirectorySnapshot) -> Result<Self, CompileError> {
        let mut plan = Self::default();
        let numbers = directory.users.len() + directory.groups.len() + directory.rooms.len();
        plan.targets.reserve(numbers + Feature::ALL.len());
        plan.users.reserve(directory.users.len());
        for (feature, code) in directory.feature_codes.iter() {
            let key = plan.insert(code, Target::Feature(feature))?;
            if feature.argument() != Argument::None {
                plan.prefixes.push((key, feature));
            }
        }
        plan.prefixes.sort_by_key(|(code, _)| std::cmp::Reverse(code.as_str().len()));
        for user in &directory.users {
            plan.add_user(user)?;
        }
        plan.add_groups(&directory.groups)?;
        plan.add_rooms(&directory.rooms)?;
        plan.add_slots(directory.parking)?;
        plan.add_time_conditions(&directory.time_conditions)?;
        shadow::check(&plan, directory)?;
        Ok(plan)
    }

    fn add_user(&mut self, user: &DirectoryUser) -> Result<(), CompileError> {
        self.insert(&user.extension, Target::User(user.id))?;
        let takes_messages = user.settings.voicemail.as_ref().is_some_and(|voicemail| voicemail.enabled);
        let facts = UserFacts { enabled: user.enabled, takes_messages };
        match self.users.insert(user.id, facts) {
            None => Ok(()),
            Some(_) => Err(CompileError::DuplicateUser(user.id)),
        }
    }

    fn add_groups(&mut self, groups: &[RingGroup]) -> Result<(), CompileError> {
        let mut ids = HashSet::new();
        for group in groups {
            let extension = || group.extension.clone();
            self.insert(&group.extension, Target::Group(group.id))?;
            if !ids.insert(group.id) {
                return Err(CompileError::DuplicateId { extension: extension() });
            }
            check_name(&group.name, &group.extension)?;
            let sizes = 1..=RingGroup::MAX_MEMBERS;
            check(sizes.contains(&group.members.len()), &group.extension, "a group has 1 to 64 members")?;
            let seconds = (5..=300).contains(&group.ring_seconds);
            check(seconds, &group.extension, "a group rings for 5 to 300 seconds")?;
            let mut members = HashSet::new();
            for &member in &group.members {
                if !self.users.contains_key(&member) {
                    return Err(CompileError::UnknownMember { extension: extension(), member });
                }
                if !members.insert(member) {
                    return Err(CompileError::DuplicateMember { extension: extension(), member });
                }
            }
        }
        Ok(())
    }

    fn add_rooms(&mut self, rooms: &[ConferenceRoom]) -> Result<(), CompileError> {
        let mut ids = HashSet::new();
        for room in rooms {
            self.insert(&room.extension, Target::Room(room.id))?;
            if !ids.insert(room.id) {
                return Err(CompileError::DuplicateId { extension: room.extension.clone() });
            }
            check_name(&room.name, &room.extension)?;
            let size = (2..=ConferenceRoom::MAX_MEMBERS).contains(&room.max_members);
            check(size, &room.extension, "a room has 2 to 200 members")?;
            let pins = [&room.pin, &room.moderator_pin];
            let are_pins = pins
                .into_iter()
                .flatten()
                .all(|pin| (4..=12).contains(&pin.len()) && pin.bytes().all(|byte| byte.is_ascii_digit()));
            check(are_pins, &room.extension, "a PIN has 4 to 12 digits")?;
            let differ = room.pin.is_none() || room.pin != room.moderator_pin;
            check(differ, &room.extension, "the moderators' PIN is another one")?;
        }
        Ok(())
    }

    fn add_slots(&mut self, parking: Option<ParkingLot>) -> Result<(), CompileError> {
        let Some(lot) = parking else { return Ok(()) };
        let count = lot.last.checked_sub(lot.first);
        if count.is_none_or(|count| count >= ParkingLot::MAX_SLOTS) {
            let what = "a parking lot has 1 to 1,000 slots";
            return Err(CompileError::OutOfRange { extension: None, what });
        }
        if !(10..=3600).contains(&lot.timeout_seconds) {
            let what = "a parked call waits for 10 to 3,600 seconds";
            return Err(CompileError::OutOfRange { extension: None, what });
        }
        for slot in lot.slots() {
            let out_of_range = CompileError::OutOfRange { extension: None, what: "a slot is a number" };
            let number: Extension = slot.to_string().parse().map_err(|_| out_of_range)?;
            self.insert(&number, Target::Slot(ParkSlot(slot)))?;
        }
        Ok(())
    }

    fn add_time_conditions(&mut self, conditions: &[TimeCondition]) -> Result<(), CompileError> {
        let mut ids = HashSet::new();
        for condition in conditions {
            let extension = &condition.extension;
            self.insert(extension, Target::TimeCondition(self.hours.len()))?;
            if !ids.insert(condition.id) {
                return Err(CompileError::DuplicateId { extension: extension.clone() });
            }
            check_name(&condition.name, extension)?;
            let entries = condition.weekly.len().max(condition.exceptions.len());
            check(
                entries <= TimeCondition::MAX_ENTRIES,
                extension,
                "a time condition has at most 400 entries",
            )?;
            let last_not_before_first =
                condition.exceptions.iter().all(|exception| exception.first <= exception.last);
            check(last_not_before_first, extension, "an exception ends no earlier than it begins")?;
            let sizes = condition.exceptions.iter().all(|exception| exception.hours.len() <= 24);
            check(sizes, extension, "an exception has at most 24 hours of its own")?;
            let hours = Hours::compile(condition).ok_or_else(|| CompileError::UnknownTimeZone {
                extension: extension.clone(),
                time_zone: condition.time_zone.clone(),
            })?;
            self.hours.push(hours);
        }
        Ok(())
    }

    fn insert(&mut self, extension: &Extension, target: Target) -> Result<DialKey, CompileError> {
        let Some(key) = DialKey::parse(extension.as_str()) else {
            return Err(CompileError::Undiallable { extension: extension.clone() });
        };
        match self.targets.insert(key, target) {
            None => Ok(key),
            Some(_) => Err(CompileError::DuplicateExtension { extension: extension.clone() }),
        }
    }
}

fn check(holds: bool, extension: &Extension, what: &'static str) -> Result<(), CompileError> {
    if holds { Ok(()) } else { Err(CompileError::OutOfRange { extension: Some(extension.clone()), what }) }
}

fn check_name(name: &str, extension: &Extension) -> Result<(), CompileError> {
    let holds = (1..=64).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    check(holds, extension, "a name has 1 to 64 characters")
}

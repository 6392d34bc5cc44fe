//! Finding people as somebody types: by parts of names, numbers and departments, forgiving a wrong letter.

use ringdown_protocol::Contact;
use ringdown_types::Pii;
use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

use crate::{Person, contacts::as_dialled};

/// Words of a query that are looked at; a name has no more.
const MAX_WORDS: usize = 8;
/// A word shorter than this is not forgiven a letter: nearly every name would fit.
const FORGIVEN_FROM: usize = 4;
/// A word of this length is forgiven two.
const FORGIVEN_TWICE_FROM: usize = 8;

/// What somebody is found by, as it is compared.
#[derive(Debug)]
pub(crate) struct Words {
    numbers: Pii<Vec<String>>,
    name: Pii<Vec<String>>,
    department: Pii<Vec<String>>,
}

impl Words {
    pub(crate) fn of(person: &Person) -> Self {
        Self {
            numbers: Pii(person.extension.iter().map(|extension| fold(extension.as_str())).collect()),
            name: words_of(&person.name),
            department: words_of(&person.department),
        }
    }

    /// What somebody of the address book is found by.
    pub(crate) fn of_contact(contact: &Contact) -> Self {
        Self {
            numbers: Pii(contact.numbers.iter().map(|number| as_dialled(&number.number)).collect()),
            name: words_of(&contact.name),
            department: words_of(&contact.organisation),
        }
    }

    /// How well one word of a query fits; lower is better.
    fn rank(&self, word: &str) -> Option<u8> {
        let begins = |words: &[String]| words.iter().any(|own| own.starts_with(word));
        let holds = |words: &[String]| words.iter().any(|own| own.contains(word));
        if self.numbers.iter().any(|own| own == word) {
            Some(0)
        } else if self.name.iter().any(|own| own == word) {
            Some(1)
        } else if begins(&self.numbers) || begins(&self.name) {
            Some(2)
        } else if begins(&self.department) {
            Some(3)
        } else if holds(&self.numbers) || holds(&self.name) {
            Some(4)
        } else if holds(&self.department) {
            Some(5)
        } else {
            None
        }
    }

    /// The same where letters may be wrong, for what the exact look-up does not find.
    fn rank_forgiving(&self, word: &str) -> Option<u8> {
        self.rank(word).or_else(|| {
            let allowed = match word.chars().count() {
                ..FORGIVEN_FROM => return None,
                FORGIVEN_FROM..FORGIVEN_TWICE_FROM => 1,
                _ => 2,
            };
            let words = self.name.iter().chain(self.department.iter());
            words.filter_map(|own| begins_like(own, word, allowed)).min().map(|wrong| 5 + wrong)
        })
    }
}

/// The places of at most `limit` people whom every word of `query` fits, best match first. An empty query fits all.
/// Only where nobody is found are letters forgiven.
pub(crate) fn find(people: &[Words], query: &str, limit: usize) -> Vec<usize> {
    let query = fold(query);
    let words: Vec<&str> = split(&query).take(MAX_WORDS).collect();
    let ranked = |rank: fn(&Words, &str) -> Option<u8>| {
        let fits = |(place, person): (usize, &Words)| {
            let worst = words.iter().try_fold(0, |worst: u8, word| Some(worst.max(rank(person, word)?)))?;
            Some((worst, place))
        };
        let mut found: Vec<_> = people.iter().enumerate().filter_map(fits).collect();
        found.sort_unstable();
        found.truncate(limit);
        found
    };
    let mut found = ranked(Words::rank);
    if found.is_empty() {
        found = ranked(Words::rank_forgiving);
    }
    found.into_iter().map(|(_, place)| place).collect()
}

/// Without case and accents, so that "jose" finds "José".
pub(crate) fn fold(text: &str) -> String {
    text.nfd().filter(|letter| !is_combining_mark(*letter)).flat_map(char::to_lowercase).collect()
}

fn words_of(text: &str) -> Pii<Vec<String>> {
    Pii(split(&fold(text)).map(str::to_owned).collect())
}

fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| letter.is_whitespace() || letter == '-' || letter == ',')
        .filter(|word| !word.is_empty())
}

/// How many letters are wrong, missing, too many or swapped when `text` is taken to begin with `word`; `None` for more
/// than `allowed`.
fn begins_like(text: &str, word: &str, allowed: u8) -> Option<u8> {
    let word: Vec<char> = word.chars().collect();
    let text: Vec<char> = text.chars().take(word.len() + usize::from(allowed)).collect();
    if text.len() + usize::from(allowed) < word.len() {
        return None;
    }
    // Rows of the optimal string alignment distance: for each beginning of `word`, over the beginnings of `text`.
    let width = text.len() + 1;
    let mut before: Vec<usize> = vec![usize::MAX / 2; width];
    let mut last: Vec<usize> = (0..width).collect();
    for (row, letter) in word.iter().enumerate() {
        let mut next = vec![row + 1; width];
        for column in 1..width {
            let same = text.get(column - 1) == Some(letter);
            let at = |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX / 2);
            let mut best = (at(&last, column) + 1)
                .min(at(&next, column - 1) + 1)
                .min(at(&last, column - 1) + usize::from(!same));
            let swapped = row > 0
                && column > 1
                && word.get(row - 1) == text.get(column - 1)
                && text.get(column - 2) == Some(letter);
            if swapped {
                best = best.min(at(&before, column - 2) + 1);
            }
            if let Some(cell) = next.get_mut(column) {
                *cell = best;
            }
        }
        if next.iter().all(|distance| *distance > usize::from(allowed)) {
            return None;
        }
        before = std::mem::replace(&mut last, next);
    }
    let wrong = last.into_iter().min().and_then(|wrong| u8::try_from(wrong).ok())?;
    (wrong <= allowed).then_some(wrong)
}

#[cfg(test)]
mod tests {
    use ringdown_protocol::Role;
    use ringdown_types::UserId;

    use super::*;

    fn people(rows: &[(&str, &str, &str)]) -> Vec<Words> {
        let person = |(name, extension, department): &(&str, &str, &str)| Person {
            id: UserId::from_u128(1),
            username: Pii(String::new()),
            name: Pii((*name).to_owned()),
            extension: extension.parse().ok(),
            department: Pii((*department).to_owned()),
            photo: None,
            role: Role::User,
            enabled: true,
            epoch: 1,
        };
        rows.iter().map(|row| Words::of(&person(row))).collect()
    }

    fn company() -> Vec<Words> {
        people(&[
            ("José García", "101", "Sales"),
            ("Anna Schmidt-Weber", "102", "Support"),
            ("Иван Петров", "110", "Бухгалтерия"),
            ("王小明", "210", "研发"),
            ("Salima Jones", "1010", "Support"),
        ])
    }

    #[test]
    fn names_numbers_and_departments_are_found_from_their_beginnings() {
        let company = company();
        let found = |query| find(&company, query, 50);
        assert_eq!(found("jose"), [0], "without the accent");
        assert_eq!(found("garc jos"), [0], "in any order");
        assert_eq!(found("weber"), [1]);
        assert_eq!(found("ПЕТ"), [2]);
        assert_eq!(found("小明"), [3]);
        assert_eq!(found("101"), [0, 4], "the exact number first");
        assert_eq!(found("sal"), [4, 0], "a name before a department");
        assert_eq!(found("support"), [1, 4]);
        assert_eq!(found("support anna"), [1]);
        assert_eq!(found(""), [0, 1, 2, 3, 4]);
        assert!(found("zz").is_empty());
        assert_eq!(find(&company, "", 2), [0, 1]);
    }

    #[test]
    fn a_wrong_letter_is_forgiven_where_nobody_fits() {
        let company = company();
        let found = |query| find(&company, query, 50);
        assert_eq!(found("shmidt"), [1], "a letter is missing");
        assert_eq!(found("schmitd"), [1], "two are swapped");
        assert_eq!(found("garsia"), [0], "one is wrong");
        assert_eq!(found("pertov"), Vec::<usize>::new(), "another alphabet is another name");
        assert_eq!(found("петорв"), [2]);
        assert_eq!(found("xna"), Vec::<usize>::new(), "a short word must fit");
        assert_eq!(found("jonas"), [4]);
        assert_eq!(found("9999"), Vec::<usize>::new(), "numbers are not guessed");
    }
}

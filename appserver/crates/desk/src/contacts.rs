//! The company's address book in memory: looked up as people type, and when a number calls that has no name.

use std::collections::HashMap;

use ringdown_protocol::Contact;
use ringdown_types::Pii;

use crate::search::{Words, find, fold};

/// The last digits by which two spellings of a number (`030…`, `+4930…`) are taken for one. Fewer would mix up people,
/// more would tell the spellings apart.
const TAIL: usize = 9;
/// A shorter number is somebody's only as a whole.
const WHOLE_UP_TO: usize = 6;

/// Everybody in the address book; as many as its owner lets in.
#[derive(Debug, Default)]
pub(crate) struct AddressBook {
    /// By name.
    contacts: Vec<(String, Contact)>,
    /// What each of `contacts` is found by.
    words: Vec<Words>,
    /// Numbers as they are compared, and whose they are, by the end of the number.
    by_tail: HashMap<String, Vec<Owner>>,
}

/// Somebody by one of their numbers.
#[derive(Debug)]
struct Owner {
    number: Pii<String>,
    contact: String,
    name: Pii<String>,
}

impl AddressBook {
    pub(crate) fn replace(&mut self, contacts: Vec<Contact>) {
        *self = Self::default();
        self.contacts = contacts.into_iter().map(|contact| (key(&contact), contact)).collect();
        self.contacts.sort_by(|(one, _), (other, _)| one.cmp(other));
        self.words = self.contacts.iter().map(|(_, contact)| Words::of_contact(contact)).collect();
        for (_, contact) in &self.contacts {
            index(&mut self.by_tail, contact);
        }
    }

    /// Takes somebody in, or in the place of who had their id.
    pub(crate) fn put(&mut self, contact: Contact) {
        self.remove(&contact.id);
        let key = key(&contact);
        let place = self.contacts.partition_point(|(other, _)| *other < key);
        index(&mut self.by_tail, &contact);
        self.words.insert(place, Words::of_contact(&contact));
        self.contacts.insert(place, (key, contact));
    }

    /// Takes somebody out.
    pub(crate) fn remove(&mut self, id: &str) {
        let Some(place) = self.contacts.iter().position(|(_, contact)| contact.id == id) else { return };
        let (_, contact) = self.contacts.remove(place);
        self.words.remove(place);
        for number in &contact.numbers {
            let tail = tail(&as_dialled(&number.number)).to_owned();
            if let Some(owners) = self.by_tail.get_mut(&tail) {
                owners.retain(|owner| owner.contact != id);
                if owners.is_empty() {
                    self.by_tail.remove(&tail);
                }
            }
        }
    }

    /// At most `limit` whom every word of `query` fits, best match first.
    pub(crate) fn search(&self, query: &str, limit: usize) -> Vec<Contact> {
        let found = find(&self.words, query, limit).into_iter();
        found.filter_map(|place| self.contacts.get(place)).map(|(_, contact)| contact.clone()).collect()
    }

    /// Whose number it is. Nobody's, where several have it or its end alone fits several.
    pub(crate) fn name_of(&self, number: &str) -> Option<&Pii<String>> {
        let number = as_dialled(number);
        let alike = self.by_tail.get(tail(&number))?;
        let exact: Vec<_> = alike.iter().filter(|owner| owner.number.0 == number).collect();
        let owners = match exact.is_empty() {
            true if number.len() > WHOLE_UP_TO => alike.iter().collect(),
            true => return None,
            false => exact,
        };
        let first = owners.first()?;
        owners.iter().all(|owner| owner.contact == first.contact).then_some(&first.name)
    }
}

/// A number without what people write between its digits; `00` before a country is `+`.
pub fn as_dialled(number: &str) -> String {
    let bare: String = number.chars().filter(|sign| !" ()-./\u{a0}".contains(*sign)).collect();
    match bare.strip_prefix("00") {
        Some(rest) if rest.len() > WHOLE_UP_TO => format!("+{rest}"),
        _ => bare,
    }
}

fn tail(number: &str) -> &str {
    let from = number.char_indices().rev().nth(TAIL - 1).map_or(0, |(at, _)| at);
    number.get(from..).unwrap_or(number)
}

fn key(contact: &Contact) -> String {
    format!("{}\u{0}{}", fold(&contact.name), contact.id)
}

fn index(by_tail: &mut HashMap<String, Vec<Owner>>, contact: &Contact) {
    for number in &contact.numbers {
        let number = as_dialled(&number.number);
        let owners = by_tail.entry(tail(&number).to_owned()).or_default();
        owners.push(Owner { number: Pii(number), contact: contact.id.clone(), name: contact.name.clone() });
    }
}

#[cfg(test)]
mod tests {
    use ringdown_protocol::ContactNumber;

    use super::*;

    fn contact(id: &str, name: &str, numbers: &[&str]) -> Contact {
        let number =
            |number: &&str| ContactNumber { label: String::new(), number: Pii((*number).to_owned()) };
        Contact {
            id: id.to_owned(),
            name: Pii(name.to_owned()),
            organisation: Pii("Nordlicht GmbH".to_owned()),
            numbers: numbers.iter().map(number).collect(),
        }
    }

    fn book(contacts: Vec<Contact>) -> AddressBook {
        let mut book = AddressBook::default();
        book.replace(contacts);
        book
    }

    fn names(book: &AddressBook, query: &str) -> Vec<String> {
        book.search(query, 50).into_iter().map(|contact| contact.name.0).collect()
    }

    #[test]
    fn a_caller_has_a_name_however_the_number_is_written() {
        let book = book(vec![contact("1", "Dora Diaz", &["+49 30 1234567", "0171/555 12 34"])]);
        for number in ["+49301234567", "00493012345 67", "0301234567", "(030) 123-4567", "+491715551234"] {
            assert_eq!(book.name_of(number).map(|name| name.0.as_str()), Some("Dora Diaz"), "{number}");
        }
        for number in ["1234567", "+49301234568", "4567", "", "102"] {
            assert_eq!(book.name_of(number), None, "{number}");
        }
    }

    #[test]
    fn a_number_of_several_names_nobody_and_short_ones_are_whole() {
        let mut book = book(vec![
            contact("1", "Dora", &["+49301234567"]),
            contact("2", "Emil", &["+43301234567"]),
            contact("3", "Hotline", &["4711", "4711"]),
        ]);
        assert_eq!(book.name_of("0301234567"), None, "two end alike");
        assert_eq!(book.name_of("+43 30 1234567").map(|name| name.0.as_str()), Some("Emil"));
        assert_eq!(book.name_of("4711").map(|name| name.0.as_str()), Some("Hotline"));
        assert_eq!(book.name_of("04711"), None);
        book.remove("1");
        assert_eq!(book.name_of("0301234567").map(|name| name.0.as_str()), Some("Emil"));
        assert_eq!(names(&book, ""), ["Emil", "Hotline"]);
    }

    #[test]
    fn a_change_takes_the_place_of_what_was() {
        let mut book = book(vec![contact("1", "Dora", &["+49301234567"]), contact("2", "Emil", &[])]);
        book.put(contact("1", "Zoé", &["+49307777777"]));
        assert_eq!(names(&book, ""), ["Emil", "Zoé"]);
        assert_eq!(names(&book, "zoe nordl"), ["Zoé"]);
        assert_eq!(names(&book, "030777"), Vec::<String>::new(), "as it is dialled from elsewhere");
        assert_eq!(names(&book, "307777"), ["Zoé"]);
        assert_eq!(book.name_of("+49301234567"), None);
        book.remove("7");
        assert_eq!(names(&book, "").len(), 2);
    }
}

//! Account names as the older clients write them: `101@pbx.example`.

/// A name and the domain behind it. There is one company, so the domain is only said back.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct AccountName {
    /// What was written, without white space around it.
    pub whole: String,
    /// The sign-in name or the number.
    pub user: String,
    /// The domain; empty where none was written.
    pub domain: String,
}

impl AccountName {
    /// Reads a name. One that holds what no name holds is cut at it.
    pub fn read(text: &str) -> Self {
        let whole: String =
            text.trim().chars().take(MAX_NAME).filter(|letter| !letter.is_control()).collect();
        let (user, domain) = whole.split_once('@').unwrap_or((&whole, ""));
        Self { user: user.to_owned(), domain: domain.to_owned(), whole }
    }
}

impl std::fmt::Debug for AccountName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AccountName(‹redacted›)")
    }
}

/// The longest name with its domain, in characters.
const MAX_NAME: usize = 320;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_stands_before_the_domain() {
        let name = AccountName::read(" 101@pbx.example ");
        assert_eq!((name.user.as_str(), name.domain.as_str()), ("101", "pbx.example"));
        assert_eq!(AccountName::read("alice").user, "alice");
        assert_eq!(AccountName::read("").user, "");
    }
}

//! What makes a password too weak. Lengths and series only; there is no list of known passwords.

pub const SHORTEST_PASSWORD: usize = 10;
/// Characters that do not follow from the one before, at least.
const UNEXPECTED: usize = 4;
/// A password that repeats so few characters all the time is a repetition.
const LONGEST_REPEATED: usize = 5;
/// The rows of a keyboard; each begins again at its end.
const ROWS: [&str; 4] = ["1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"];

/// The code of what is wrong with a password; None when it may be used.
pub fn weakness(password: &str, username: &str) -> Option<&'static str> {
    let letters: Vec<char> = password.to_lowercase().chars().collect();
    if letters.len() < SHORTEST_PASSWORD {
        return Some("short_password");
    }
    if letters.iter().collect::<String>().contains(&username.to_lowercase()) {
        return Some("password_with_name");
    }
    let unexpected = 1 + letters.windows(2).filter(|pair| !follows(pair[0], pair[1])).count();
    let repeats = (1..=LONGEST_REPEATED).any(|n| letters.iter().skip(n).zip(&letters).all(|(a, b)| a == b));
    (unexpected < UNEXPECTED || repeats).then_some("series_password")
}

/// Whether a character is the same as the one before, or its neighbour in the alphabet or on a keyboard.
fn follows(before: char, after: char) -> bool {
    let beside = u32::from(before).abs_diff(u32::from(after)) <= 1;
    beside || ROWS.iter().any(|row| are_neighbours(row, before, after))
}

fn are_neighbours(row: &str, one: char, other: char) -> bool {
    match (row.find(one), row.find(other)) {
        (Some(one), Some(other)) => [1, row.len() - 1].contains(&one.abs_diff(other)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_and_repetitions_are_weak_and_sentences_are_not() {
        for (password, expected) in [
            ("short one", Some("short_password")),
            ("long, but with Clerk in it", Some("password_with_name")),
            ("12345678901", Some("series_password")),
            ("zyxwvutsrqponm", Some("series_password")),
            ("QwertyUiop", Some("series_password")),
            ("aaaaaaaaaaaaaaaa", Some("series_password")),
            ("abcd1234efgh", Some("series_password")),
            ("abc!dabc!dabc!", Some("series_password")),
            ("correct horse battery", None),
            ("今天天气很好我们去公园", None),
            ("x7#kPq92!mZ", None),
            ("salesdesk-demo", None),
        ] {
            assert_eq!(weakness(password, "clerk"), expected, "{password}");
        }
    }
}

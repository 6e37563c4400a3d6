//! Every problem that the API answers, in both languages.

use super::{head, row};
use crate::base::messages::{self, Lang, ProblemText};

/// An index by status, then each problem under its code.
pub fn list() -> String {
    let problems = messages::all_problems();
    let mut statuses: Vec<u16> = problems.iter().map(|p| p.status).collect();
    statuses.sort_unstable();
    statuses.dedup();
    let mut text = head(&["status", "codes"], 2);
    for status in statuses {
        let codes = problems.iter().filter(|p| p.status == status).map(|p| format!("[`{0}`](#{0})", p.code));
        text += &row(&[status.to_string(), codes.collect::<Vec<_>>().join(", ")]);
    }
    problems.iter().for_each(|problem| text += &explained(problem));
    text
}

/// A link to where a problem is explained, from another page of `docs/`.
pub fn link(code: &str) -> String {
    format!("[`{code}`](problems.md#{code})")
}

fn explained(problem: &ProblemText) -> String {
    let words = |lang: Lang| {
        let detail = messages::unfilled(lang.pick(problem.detail));
        let [detail, help] = [detail.as_str(), lang.pick(problem.help)].map(plain);
        let (stop, space) = (lang.pick([".", "。"]), lang.pick([" ", ""]));
        format!("**{}{stop}** {detail}{space}{help}", lang.pick(problem.title).trim_end_matches(stop))
    };
    format!("\n### {}\n\n{} · {}\n\n{}\n", problem.code, problem.status, words(Lang::En), words(Lang::Zh))
}

/// Text that Markdown does not take for HTML.
fn plain(text: &str) -> String {
    text.replace('<', "&lt;").replace('>', "&gt;").replace('*', "\\*").replace('_', "\\_")
}

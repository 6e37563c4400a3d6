//! The picture of an order's life: who acts at each step, what is checked, where it leads to. Steps, statuses and
//! roles come from the declarations; the words about what is checked are here.

use std::fmt::Write as _;

use super::{Declared, let_in};
use crate::base::auth::Role;
use crate::base::lives::Life;
use crate::base::types::TextEnum;

/// A step on the straight way.
struct Card {
    /// The operation that takes it.
    operation: &'static str,
    title: [&'static str; 2],
    /// What the life calls the step, from the status before; None where it begins, or follows from a shipment.
    step: Option<&'static str>,
    /// The status afterwards; with a step it is what the life says.
    to: &'static [&'static str],
    checks: &'static [&'static str],
}

const CARDS: [Card; 7] = [
    Card {
        operation: "createOrder",
        title: ["Enter", "录入"],
        step: None,
        to: &["draft"],
        checks: &["price from the right list", "every sum computed", "dry run before it counts"],
    },
    Card {
        operation: "submitOrder",
        title: ["Submit", "提交"],
        step: Some("submit"),
        to: &["submitted"],
        checks: &["at least one line", "findings are ready to read", "on an approver's worklist"],
    },
    Card {
        operation: "approveOrder",
        title: ["Approve", "审批"],
        step: Some("approve"),
        to: &["approved"],
        checks: &["no hard finding is open", "four eyes above a limit", "a manager's limit"],
    },
    Card {
        operation: "confirmOrder",
        title: ["Confirm", "确认"],
        step: Some("confirm"),
        to: &["confirmed"],
        checks: &["credit once more", "first promise is kept", "now changes are revisions"],
    },
    Card {
        operation: "createShipment",
        title: ["Ship", "发货"],
        step: Some("ship"),
        to: &["partially_shipped", "shipped"],
        checks: &["never more than is open", "credit, holds, exceptions", "in one part or in many"],
    },
    Card {
        operation: "deliverShipment",
        title: ["Deliver", "签收"],
        step: None,
        to: &["delivered"],
        checks: &["who signed, and when", "on time in full, or not", "return visits are planned"],
    },
    Card {
        operation: "completeOrder",
        title: ["Complete", "完成"],
        step: Some("complete"),
        to: &["completed"],
        checks: &["everything has arrived", "history stays for good", "returns remain possible"],
    },
];

const STATUSES: [(&str, &str); 9] = [
    ("draft", "草稿"),
    ("submitted", "待审批"),
    ("approved", "已批准"),
    ("confirmed", "已确认"),
    ("partially_shipped", "部分发货"),
    ("shipped", "已发货"),
    ("delivered", "已签收"),
    ("completed", "已完成"),
    ("cancelled", "已取消"),
];

/// What holds at every step.
const ALWAYS: [[&str; 2]; 4] = [
    ["Nothing is lost", "who, when, why, before and after"],
    ["Safe to repeat", "Idempotency-Key, ETag, dry run"],
    ["Told at once", "feed, webhooks, inbox, e-mail"],
    ["Late is noticed", "reminder, manager, executive"],
];

// ---- sizes ---------------------------------------------------------------------------------------------------

const MARGIN: f64 = 36.0;
const CARD: (f64, f64) = (216.0, 222.0);
const GAP: (f64, f64) = (28.0, 52.0);
const COLUMNS: usize = 4;
const TOP: f64 = 104.0;
const WIDTH: f64 = MARGIN * 2.0 + CARD.0 * 4.0 + GAP.0 * 3.0;
const FOOT: f64 = 76.0;
const HEIGHT: f64 = TOP + CARD.1 * 2.0 + GAP.1 + 28.0 + FOOT + MARGIN;

const FONTS: &str = "-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'PingFang SC', \
    'Microsoft YaHei', 'Noto Sans SC', 'Noto Sans CJK SC', sans-serif";

/// Colours for light surroundings, and for dark ones.
const STYLE: &str = "\
svg { --page: #f6f8fb; --edge: #d5dce6; --card: #ffffff; --ink: #17202e; --soft: #5a6778; --line: #93a1b5;
  --mark: #1f7a5c; --pill: #e3ecfb; --pill-ink: #1d4488; --end: #d9f0e6; --end-ink: #12573f; --number: #24539f; }
@media (prefers-color-scheme: dark) { svg { --page: #131a24; --edge: #2c3848; --card: #1c2531; --ink: #e8edf4;
  --soft: #a3b0c2; --line: #6d7c92; --mark: #5cc8a0; --pill: #22375a; --pill-ink: #bcd4ff; --end: #1b4636;
  --end-ink: #b4ecd3; --number: #3d74cf; } }
.page { fill: var(--page); stroke: var(--edge); } .card { fill: var(--card); stroke: var(--edge); }
.aside { fill: none; stroke: var(--line); stroke-dasharray: 5 4; }
.ink { fill: var(--ink); } .soft { fill: var(--soft); } .mark { stroke: var(--mark); fill: none; stroke-width: 2; }
.line { stroke: var(--line); fill: none; stroke-width: 2; } .tip { fill: var(--line); }
.number { fill: var(--number); } .white { fill: #ffffff; }
.pill { fill: var(--pill); } .pill-ink { fill: var(--pill-ink); } .end { fill: var(--end); } .end-ink { fill: var(--end-ink); }
text { font-family: FONTS; }";

/// The colour of a role's chip and of its words; readable on light and on dark.
fn colours(role: Role) -> (&'static str, &'static str) {
    match role {
        Role::Clerk => ("#dbe9ff", "#1c4a94"),
        Role::Rep => ("#ffe6cf", "#8a4a08"),
        Role::Manager => ("#ece0ff", "#5b2d9c"),
        Role::Finance => ("#fff2c2", "#735400"),
        Role::Warehouse => ("#d7f3e3", "#14603c"),
        Role::Executive => ("#ffdfe4", "#9a1f3c"),
        Role::Admin => ("#e4e8ee", "#3c4757"),
    }
}

/// About how wide a text is.
fn width(text: &str, size: f64) -> f64 {
    let of = |c: char| match c {
        'i' | 'j' | 'l' | 't' | 'f' | 'r' | '.' | ',' | ' ' | '|' => 0.33,
        'm' | 'w' | 'M' | 'W' => 0.88,
        'A'..='Z' => 0.68,
        c if c.is_ascii() => 0.57,
        _ => 1.0,
    };
    text.chars().map(of).sum::<f64>() * size
}

// ---- drawing -------------------------------------------------------------------------------------------------

struct Svg(String);

impl Svg {
    fn add(&mut self, element: std::fmt::Arguments<'_>) {
        let _ = writeln!(self.0, "{element}");
    }
    fn text(&mut self, (x, y): (f64, f64), size: f64, class: &str, text: &str) {
        let (class, weight) = match class.strip_prefix("bold ") {
            Some(class) => (class, r#" font-weight="600""#),
            None => (class, ""),
        };
        self.add(format_args!(
            r#"<text x="{x:.1}" y="{y:.1}" font-size="{size}" class="{class}"{weight}>{}</text>"#,
            escape(text)
        ));
    }
    fn centred(&mut self, (x, y): (f64, f64), size: f64, class: &str, text: &str) {
        self.add(format_args!(
            r#"<text x="{x:.1}" y="{y:.1}" font-size="{size}" class="{class}" font-weight="600" text-anchor="middle">{}</text>"#,
            escape(text)
        ));
    }
    fn rect(&mut self, (x, y): (f64, f64), (w, h): (f64, f64), round: f64, class: &str) {
        self.add(format_args!(
            r#"<rect x="{x:.1}" y="{y:.1}" width="{w:.1}" height="{h:.1}" rx="{round}" class="{class}"/>"#
        ));
    }
    /// A chip of a role; gives where the next may begin.
    fn chip(&mut self, (x, y): (f64, f64), role: Role) -> f64 {
        let (fill, ink) = colours(role);
        let w = width(role.as_str(), 12.5) + 18.0;
        self.add(format_args!(
            r#"<rect x="{x:.1}" y="{y:.1}" width="{w:.1}" height="22" rx="11" fill="{fill}"/>"#
        ));
        self.add(format_args!(
            r#"<text x="{:.1}" y="{:.1}" font-size="12.5" font-weight="600" fill="{ink}" text-anchor="middle">{role}</text>"#,
            x + w / 2.0,
            y + 15.3
        ));
        x + w + 6.0
    }
    /// The pill of a status; gives where the next may begin.
    fn pill(&mut self, (x, y): (f64, f64), status: &str, last: bool) -> f64 {
        let chinese = STATUSES.iter().find(|(word, _)| *word == status).map_or("", |(_, chinese)| chinese);
        let shown = format!("{status} {chinese}");
        let w = width(&shown, 12.5) + 20.0;
        let class = if last { "end" } else { "pill" };
        self.rect((x, y), (w, 24.0), 6.0, class);
        self.centred((x + w / 2.0, y + 16.5), 12.5, &format!("{class}-ink"), &shown);
        x + w + 8.0
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Where the card of this number is.
fn place(n: usize) -> (f64, f64) {
    let (column, line) = (n % COLUMNS, n / COLUMNS);
    (MARGIN + column as f64 * (CARD.0 + GAP.0), TOP + line as f64 * (CARD.1 + GAP.1))
}

/// The whole picture.
pub fn order_life(declared: &Declared) -> Result<String, String> {
    let life =
        declared.lives().into_iter().find(|life| life.name == "Orders").ok_or("orders have no life")?;
    follows_the_life(life)?;
    let mut svg = Svg(String::new());
    svg.add(format_args!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" aria-labelledby="title about">"#
    ));
    svg.add(format_args!(r#"<title id="title">The life of an order in Salesdesk</title>"#));
    svg.add(format_args!(r#"<desc id="about">{}</desc>"#, escape(&described(declared)?)));
    svg.add(format_args!("<style>{}</style>", STYLE.replace("FONTS", FONTS)));
    svg.rect((0.5, 0.5), (WIDTH - 1.0, HEIGHT - 1.0), 14.0, "page");
    svg.text((MARGIN, 52.0), 25.0, "bold ink", "The life of an order");
    let after = MARGIN + 246.0;
    svg.text((after, 52.0), 19.0, "soft", "订单的一生");
    svg.text(
        (MARGIN, 79.0),
        15.0,
        "soft",
        "Who takes each step, what Salesdesk checks then, and the status that follows.",
    );
    arrows(&mut svg);
    for (n, card) in CARDS.iter().enumerate() {
        let roles = let_in(declared.endpoint(card.operation)?);
        draw(&mut svg, n, card, &roles);
    }
    beside(&mut svg, life);
    always(&mut svg);
    svg.add(format_args!("</svg>"));
    Ok(svg.0)
}

/// Whether the way of the cards is the one that the life declares.
fn follows_the_life(life: &Life) -> Result<(), String> {
    let mut status = "draft";
    for card in &CARDS {
        let (first, last) =
            (card.to.first().copied().unwrap_or(status), card.to.last().copied().unwrap_or(status));
        if let Some(step) = card.step.filter(|step| life.after(status, step) != Some(first)) {
            return Err(format!("the picture: {step} does not lead from {status} to {first}"));
        }
        status = last;
    }
    match life.statuses.iter().find(|status| !STATUSES.iter().any(|(word, _)| word == *status)) {
        Some(unknown) => Err(format!("the picture has no words for the status {unknown}")),
        None => Ok(()),
    }
}

/// The picture in words, for those who do not see it.
fn described(declared: &Declared) -> Result<String, String> {
    let mut text = String::new();
    for card in &CARDS {
        let roles: Vec<&str> =
            let_in(declared.endpoint(card.operation)?).into_iter().map(TextEnum::as_str).collect();
        let (checks, to) = (card.checks.join(", "), card.to.join(" or "));
        text += &format!("{} ({}): {checks}; then {to}. ", card.title[0], roles.join(", "));
    }
    Ok(text.trim_end().to_owned())
}

fn draw(svg: &mut Svg, n: usize, card: &Card, roles: &[Role]) {
    let (x, y) = place(n);
    svg.rect((x, y), CARD, 10.0, "card");
    let left = x + 16.0;
    svg.add(format_args!(r#"<circle cx="{:.1}" cy="{:.1}" r="13" class="number"/>"#, left + 13.0, y + 29.0));
    svg.centred((left + 13.0, y + 34.0), 14.0, "white", &(n + 1).to_string());
    svg.text((left + 36.0, y + 35.5), 18.0, "bold ink", card.title[0]);
    let behind = left + 36.0 + width(card.title[0], 18.0) + 14.0;
    svg.text((behind, y + 35.0), 15.0, "soft", card.title[1]);
    roles.iter().fold(left, |at, role| svg.chip((at, y + 56.0), *role));
    for (i, check) in card.checks.iter().enumerate() {
        let line = y + 107.0 + i as f64 * 23.0;
        let (from, at) = (left + 1.0, line - 5.0);
        svg.add(format_args!(
            r#"<path d="M{from:.1} {at:.1} l3.5 3.8 l6.5 -7.6" class="mark" stroke-linecap="round" stroke-linejoin="round"/>"#
        ));
        svg.text((left + 19.0, line), 13.5, "ink", check);
    }
    let last = n + 1 == CARDS.len();
    let base = y + CARD.1 - 40.0;
    let Some(status) = card.to.last() else { return };
    let behind = svg.pill((left, base), status, last);
    if card.to.len() > 1 {
        svg.text((behind + 2.0, base + 16.5), 12.5, "soft", "or in part");
    }
}

/// From each card to the next; behind the last of a line down to the next line.
fn arrows(svg: &mut Svg) {
    for n in 0..CARDS.len() - 1 {
        let (x, y) = place(n);
        let middle = y + 29.0;
        if n % COLUMNS + 1 < COLUMNS {
            let (from, to) = (x + CARD.0 + 4.0, x + CARD.0 + GAP.0 - 5.0);
            svg.add(format_args!(r#"<path d="M{from:.1} {middle:.1} H{:.1}" class="line"/>"#, to - 6.0));
            svg.add(format_args!(r#"<path d="M{to:.1} {middle:.1} l-8 -5 v10 z" class="tip"/>"#));
            continue;
        }
        let (next_x, next_y) = place(n + 1);
        let (from, to) = (x + CARD.0 / 2.0, next_x + CARD.0 / 2.0);
        let (bottom, between) = (y + CARD.1 + 4.0, y + CARD.1 + GAP.1 / 2.0);
        svg.add(format_args!(
            r#"<path d="M{from:.1} {bottom:.1} V{:.1} Q{from:.1} {between:.1} {:.1} {between:.1} H{:.1} Q{to:.1} {between:.1} {to:.1} {:.1} V{:.1}" class="line"/>"#,
            between - 10.0,
            from - 10.0,
            to + 10.0,
            between + 10.0,
            next_y - 11.0
        ));
        svg.add(format_args!(r#"<path d="M{to:.1} {:.1} l-5 -8 h10 z" class="tip"/>"#, next_y - 5.0));
    }
}

/// What else the life allows, in the place of an eighth card.
fn beside(svg: &mut Svg, life: &Life) {
    let (x, y) = place(CARDS.len());
    svg.rect((x, y), CARD, 10.0, "aside");
    let left = x + 16.0;
    svg.text((left, y + 35.5), 18.0, "bold ink", "And beside it");
    let on_the_way: Vec<&str> = CARDS.iter().filter_map(|card| card.step).collect();
    let goals = [("draft", "to draft"), ("cancelled", "until it ships"), ("shipped", "ends the rest")];
    let mut line = y + 64.0;
    for (to, words) in goals {
        let leads =
            |step: &&&str| life.statuses.iter().any(|from| *from != to && life.after(from, step) == Some(to));
        let steps: Vec<&str> =
            life.steps.iter().filter(|step| !on_the_way.contains(step)).filter(leads).copied().collect();
        line = noted(svg, (left, line), &steps, words);
    }
    let stays =
        |step: &&&str| life.statuses.iter().all(|from| life.after(from, step).is_none_or(|to| to == *from));
    for (names, words) in [
        (["hold", "release"].as_slice(), "stops shipping"),
        (&["revise"], "after confirmation"),
        (&["override"], "lets a finding pass"),
    ] {
        let steps: Vec<&str> =
            life.steps.iter().filter(|s| names.contains(s)).filter(stays).copied().collect();
        line = noted(svg, (left, line), &steps, words);
    }
}

/// Steps and what they are for; gives the next line.
fn noted(svg: &mut Svg, (x, y): (f64, f64), steps: &[&str], words: &str) -> f64 {
    let names: Vec<String> = steps.iter().map(|step| step.replace('_', " ")).collect();
    let names = names.join(", ");
    svg.add(format_args!(
        r#"<text x="{x:.1}" y="{y:.1}" font-size="13.5" class="ink"><tspan font-weight="600">{names}</tspan><tspan class="soft" dx="6">{words}</tspan></text>"#
    ));
    y + 26.0
}

/// What holds at every step, under the cards.
fn always(svg: &mut Svg) {
    let y = TOP + CARD.1 * 2.0 + GAP.1 + 28.0;
    svg.rect((MARGIN, y), (WIDTH - MARGIN * 2.0, FOOT), 10.0, "card");
    for (n, [title, words]) in ALWAYS.iter().enumerate() {
        let x = place(n).0 + 16.0;
        svg.text((x, y + 32.0), 14.5, "bold ink", title);
        svg.text((x, y + 54.0), 13.0, "soft", words);
    }
}

//! What is the same, what comes before what, and what is found by what.

use super::grams::{QUERY_WORDS, is_indexed};
use super::readings::{PHRASES, SURNAMES, usual_reading};
use super::*;

fn words(tokens: &[&str]) -> Vec<String> {
    tokens.iter().map(|&token| String::from(token)).collect()
}

fn phrase(tokens: &[&str]) -> Term {
    Term::Phrase(words(tokens))
}

/// Whether a record with these texts is found by this query, done as a full-text index does it.
fn finds(q: &str, texts: &[&str]) -> bool {
    let spoken: Vec<String> = texts.iter().flat_map(|text| spoken(text)).collect();
    let stored: Vec<String> = grams(texts).concat();
    let terms = query(q);
    !terms.is_empty()
        && terms.iter().all(|term| match term {
            Term::Phrase(tokens) => stored.windows(tokens.len()).any(|window| window == tokens),
            Term::Prefix(c) => stored.iter().any(|token| token.starts_with(*c)),
            Term::Spoken(pairs, readings) => {
                stored.windows(pairs.len()).any(|window| window == pairs)
                    || readings.iter().any(|syllables| is_spoken(&spoken, syllables))
            }
        })
}

/// Whether these syllables follow each other; the last may go on.
fn is_spoken(spoken: &[String], syllables: &[String]) -> bool {
    let Some((last, whole)) = syllables.split_last() else { return false };
    let fits = |window: &[String]| window.starts_with(whole) && window[whole.len()].starts_with(last);
    spoken.windows(syllables.len()).any(fits)
}

/// Every Unicode character but those of the planes that are empty or for private use, and every 64th of
/// those.
fn all_chars() -> impl Iterator<Item = char> {
    ('\0'..='\u{3FFFF}').chain(('\u{40000}'..=char::MAX).step_by(64))
}

/// Reproducible random texts: Chinese, Latin, marks, emoji, brackets, neighbours of the surrogate range.
fn random_texts(count: usize) -> impl Iterator<Item = String> {
    const SPICE: &str = concat!(
        " \t\n\0\u{3000}\u{A0}\u{200B}\u{200D}\u{FEFF}\u{D7FF}\u{E000}\u{FFFD}\u{FFFF}\u{10FFFF}",
        "\u{301}\u{308}\u{20E3}\u{FE0F}\u{3099}\u{1F600}\u{1F468}\u{1F1E8}\u{1F170}ⒶﷺＡ㈱½İıßﬁǅΣςﾊﾞ",
        "()（）\"'*.-公司有限集团长行银单重庆中国〇𠮷",
    );
    let spice: Vec<char> = SPICE.chars().collect();
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut next = move |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as usize % bound
    };
    (0..count).map(move |_| {
        let length = next(40);
        (0..length)
            .map(|_| match next(4) {
                0 => spice[next(spice.len())],
                1 => char::from_u32(0x4E00 + next(0x5200) as u32).unwrap_or('中'),
                2 => char::from_u32(next(0x300) as u32).unwrap_or('a'),
                _ => char::from_u32(next(0x11_0000) as u32).unwrap_or('\u{D7FF}'),
            })
            .collect()
    })
}

#[test]
fn width_case_and_spaces_do_not_matter() {
    assert_eq!(fold("ＡＢＣ１２３"), "abc123");
    assert_eq!(fold("  Alfreds \t\r\n Futterkiste\u{3000}"), "alfreds futterkiste");
    assert_eq!(fold("ﾊﾞﾝﾄﾞ"), "バンド");
    assert_eq!(fold("广州\u{200B}天河\0"), "广州天河");
    assert_eq!(fold("有限公司（中国）"), "有限公司(中国)");
    assert_eq!(fold("México"), "méxico");
    assert_eq!(fold(" \u{FEFF} "), "");
    assert_eq!(fold(""), "");
}

#[test]
fn accents_do_not_matter_in_a_search() {
    assert_eq!(search_fold("México D.F."), "mexico d.f.");
    assert_eq!(search_fold("Blondesddsl père et fils"), "blondesddsl pere et fils");
    assert_eq!(search_fold("Berglunds snabbköp, Luleå"), "berglunds snabbkop, lulea");
    assert_eq!(search_fold("Łódź Smørrebrød Straße"), "lodz smorrebrod strasse");
    assert_eq!(search_fold("Nguyễn Thị Diệu"), "nguyen thi dieu");
    assert_eq!(search_fold("İstanbul"), "istanbul");
    // Written with a mark of its own instead of one character.
    assert_eq!(search_fold("Me\u{301}xico"), "mexico");
    // Marks of other scripts make other letters.
    assert_eq!(search_fold("がぎ"), "がぎ");
    assert_eq!(search_fold("Йод"), "йод");
    // What people leave out when they type.
    assert_eq!(search_fold("Ёлка"), search_fold("елка"));
    assert_eq!(search_fold("Αθήνα ΰ"), "αθηνα υ");
    assert_eq!(search_fold("重慶"), "重庆");
}

#[test]
fn folding_twice_changes_nothing() {
    for c in all_chars() {
        let text = format!("中{c}\u{301}a{c}b");
        let folded = fold(&text);
        assert_eq!(fold(&folded), folded, "{text:?}");
        let plain = search_fold(&text);
        assert_eq!(search_fold(&plain), plain, "{text:?}");
    }
}

#[test]
fn telephone_numbers_are_compared_by_their_digits() {
    assert_eq!(digits("+86 (020) 8888-1234"), "8602088881234");
    assert_eq!(digits("０２０－８８８８"), "0208888");
    assert_eq!(digits("电话：无"), "");
}

#[test]
fn chinese_names_sort_by_their_sound_among_latin_ones() {
    assert_eq!(sort_key("张三"), "zhang'san'");
    assert_eq!(sort_key("Alfreds Futterkiste"), "alfreds futterkiste");
    assert_eq!(sort_key("ABC贸易"), "abcmao'yi'");
    let mut names =
        ["周杰", "Zhao", "先锋", "Élan", "张三", "西安", "Zhang San", "Zhanga", "安娜", "Elf", "重庆"];
    names.sort_by_key(|name| sort_key(name));
    assert_eq!(
        names,
        ["安娜", "重庆", "Élan", "Elf", "西安", "先锋", "Zhang San", "张三", "Zhanga", "Zhao", "周杰"]
    );
}

#[test]
fn sort_keys_are_short_and_of_ordinary_letters() {
    assert_eq!(sort_key(&"庄".repeat(5000)).chars().count(), 200);
    assert_eq!(sort_key(&"x".repeat(5000)).len(), 200);
    assert_eq!(sort_key("女"), "nv'");
    for c in all_chars().filter(|&c| usual_reading(c).is_some()) {
        let key = sort_key(&c.to_string());
        assert!(key.bytes().all(|b| b.is_ascii_lowercase() || b == b'\''), "{c} {key}");
    }
}

#[test]
fn a_company_can_be_typed_by_its_first_letters() {
    for (name, typed) in [
        ("广州天河贸易有限公司", "gzthmyyxgs"),
        ("Alfreds Futterkiste", "af"),
        ("Let's Stop N Shop", "lsns"),
        ("Hewlett-Packard", "hp"),
        ("3M中国", "3mzg"),
        ("Épicerie Fine 24", "ef24"),
        ("B2B平台", "b2bpt"),
        ("ＡＢＣ 贸易（上海）", "amysh"),
        ("😀张三", "zs"),
        ("", ""),
        ("——", ""),
    ] {
        assert_eq!(initials(name), typed, "{name}");
    }
}

#[test]
fn characters_with_several_readings_are_read_as_people_do() {
    for (name, typed) in [
        ("重庆", "cq"),
        ("重型机械", "zxjx"),
        ("长沙", "cs"),
        ("长城汽车", "ccqc"),
        ("长江实业", "cjsy"),
        ("万科成长基金", "wkczjj"),
        ("厦门航空", "xmhk"),
        ("国际大厦", "gjds"),
        ("招商银行广州分行", "zsyhgzfh"),
        ("天河五金商行", "thwjsh"),
        ("工商行政管理局", "gsxzglj"),
        ("春秋旅行社", "cqlxs"),
        ("会计师事务所", "kjssws"),
        ("国际会展中心", "gjhzzx"),
        ("朝阳区", "cyq"),
        ("成都", "cd"),
        ("佛山", "fs"),
        ("空调", "kt"),
        ("市场调查", "scdc"),
        ("西藏", "xz"),
        ("番禺", "py"),
    ] {
        assert_eq!(initials(name), typed, "{name}");
    }
}

#[test]
fn surnames_are_read_as_surnames_only_in_a_persons_name() {
    for (name, typed) in [
        ("单雄信", "sxx"),
        ("单伟", "sw"),
        ("单片机开发公司", "dpjkfgs"),
        ("简单", "jd"),
        ("仇英", "qy"),
        ("区志强", "ozq"),
        ("区域发展银行", "qyfzyh"),
        ("解晓东", "xxd"),
        ("解放日报", "jfrb"),
        ("尉迟恭", "ycg"),
        ("长孙无忌", "zswj"),
        ("曾国藩", "zgf"),
    ] {
        assert_eq!(initials(name), typed, "{name}");
    }
    assert_eq!(sort_key("单雄信"), "shan'xiong'xin'");
}

#[test]
fn the_tables_of_readings_are_well_formed() {
    for (text, reading) in PHRASES.iter().chain(SURNAMES) {
        assert_eq!(text.chars().count(), reading.split(' ').count(), "{text}");
        assert!(
            reading.split(' ').all(|s| !s.is_empty() && s.bytes().all(|b| b.is_ascii_lowercase())),
            "{text}"
        );
        assert!(text.chars().all(|c| usual_reading(c).is_some()), "{text}");
    }
}

#[test]
fn texts_are_stored_as_overlapping_pairs() {
    assert_eq!(grams(&["广州市"]), [words(&["广州", "州市", "市"])]);
    assert_eq!(grams(&["王"]), [words(&["王"])]);
    assert_eq!(
        grams(&["王 a-B", "México"]),
        [
            words(&["王"]),
            words(&["a"]),
            words(&["b"]),
            words(&["王a", "ab", "b"]),
            words(&["me", "ex", "xi", "ic", "co", "o"])
        ]
    );
    assert!(grams(&["", " ", "……", "😀"]).is_empty());
    assert!(grams(&[]).is_empty());
}

#[test]
fn queries_are_cut_like_the_texts() {
    assert_eq!(query("广州天"), [phrase(&["广州", "州天"])]);
    assert_eq!(query(" 广州 ａ "), [phrase(&["广州"]), Term::Prefix('a')]);
    assert_eq!(query("020-88"), [phrase(&["02", "20", "08", "88"])]);
    assert_eq!(query("王"), [Term::Prefix('王')]);
    for nothing in ["", "   ", "\"", "*", "（）", "😀", "\u{301}"] {
        assert_eq!(query(nothing), [], "{nothing:?}");
    }
}

#[test]
fn a_record_is_found_by_any_part_of_its_texts() {
    let record = ["广州天河贸易有限公司", "13800 138000", "México D.F.", "Straße 5", "zhang.san@example.com"];
    for q in [
        "广州",
        "天河贸易",
        "州天",
        "公司",
        "司",
        "广",
        "广州 有限",
        "贸易 广州",
        "13800138000",
        "138001",
        "0013",
        "13800 138000",
        "138-00138000",
        "mexico",
        "MÉXICO",
        "ｍｅｘｉｃｏ",
        "mexico df",
        "d.f.",
        "straße",
        "m",
        "5",
        "zhang.san@example.com",
        "zhangsan",
        "@example",
        "广州，天河",
    ] {
        assert!(finds(q, &record), "{q}");
    }
    for q in ["上海", "河天", "广州贸易", "138001380001", "mexiko", "司1", "x y", ""] {
        assert!(!finds(q, &record), "{q}");
    }
}

#[test]
fn a_word_is_never_found_across_two_fields() {
    assert!(!finds("河13", &["天河", "13800"]));
    assert!(!finds("天河13", &["天河", "13800"]));
    assert!(!finds("ab", &["a", "b"]));
    assert!(!finds("abc", &["ab", "c"]));
    assert!(!finds("abcd", &["ab", "cd"]));
    assert!(finds("ab", &["a b"]));
}

#[test]
fn very_long_queries_are_cut_short() {
    assert_eq!(query("a b c d e f g h i j").len(), 8);
    assert_eq!(query("- a - b - c - d - e - f - g - h - i").len(), 8);
    let Some(Term::Phrase(pairs)) = query(&"x".repeat(1_000_000)).pop() else { panic!("no phrase") };
    assert_eq!(pairs.len(), 63);
    assert_eq!(query(&format!("{} bcd", "a".repeat(63))).pop(), Some(Term::Prefix('b')));
    assert_eq!(query(&format!("{} bcd", "a".repeat(64))).len(), 1);
}

#[test]
fn tokens_are_safe_in_any_search_engine() {
    let check = |token: &str, count: std::ops::RangeInclusive<usize>| {
        assert!(count.contains(&token.chars().count()), "{token:?}");
        assert!(token.chars().all(|c| c.is_alphanumeric() && !is_combining_mark(c)), "{token:?}");
        assert_eq!(search_fold(token), token);
    };
    for text in random_texts(5_000) {
        for list in grams(&[&text]) {
            let (last, pairs) = list.split_last().unwrap();
            check(last, 1..=1);
            pairs.iter().for_each(|pair| check(pair, 2..=2));
        }
        for term in query(&text) {
            match term {
                Term::Phrase(pairs) => pairs.iter().for_each(|pair| check(pair, 2..=2)),
                Term::Prefix(c) => check(&c.to_string(), 1..=1),
                Term::Spoken(pairs, readings) => {
                    pairs.iter().for_each(|pair| check(pair, 2..=2));
                    readings.iter().flatten().for_each(|syllable| check(syllable, 3..=8));
                }
            }
        }
    }
}

#[test]
fn every_text_is_found_by_itself() {
    for text in random_texts(5_000) {
        let within_limits = query(&text).len() < QUERY_WORDS;
        if within_limits && !query(&text).is_empty() {
            assert!(finds(&text, &["其他", &text]), "{text:?}");
        }
    }
}

#[test]
fn the_legal_form_does_not_make_another_company() {
    for same in [
        "广州天河贸易有限公司",
        "广州天河贸易有限责任公司",
        "广州天河贸易股份有限公司",
        "广州天河贸易（集团）有限公司",
        "广州天河贸易集团",
        "广州天河贸易（中国）有限公司",
        "广州 天河贸易 ( 中国 ) 公司",
        "广州天河·贸易【集团】总公司",
        "广州天河贸易 Co., Ltd.",
    ] {
        assert_eq!(name_key(same), "广州天河贸易", "{same}");
    }
    for same in [
        "Acme Trading",
        "ACME Trading Co., Ltd.",
        "Acme Trading Co.,Ltd",
        "Acme Trading Co.Ltd.",
        "Acme Trading Company Limited",
        "Acme-Trading, Inc.",
        "Acme Trading GmbH",
        "Acme Trading GmbH & Co. KG",
        "Acme Trading S.A.",
        "Acme Trading S. A. de C. V.",
        "Ácme Trading LLC",
        "Acme Trading Corp",
        "Acme (China) Trading Ltd.",
        "Acme Trading Ltd. (China)",
        "Ａｃｍｅ　Ｔｒａｄｉｎｇ有限公司",
    ] {
        assert_eq!(name_key(same), "acmetrading", "{same}");
    }
}

#[test]
fn a_company_is_the_same_in_every_way_people_write_it() {
    for same in [
        "广州市天河贸易有限公司",
        "广州天河商贸有限公司",
        "广州天河经贸",
        "广州天河商贸易",
        "廣州天河貿易有限責任公司",
        "廣州市天河商貿集團公司",
        "广东省广州市天河贸易有限公司",
        "广东广州市天河贸易有限公司",
        "广州市　天河贸易",
    ] {
        assert_eq!(name_key(same), "广州天河贸易", "{same}");
    }
    assert_eq!(name_key("上海市浦东新区张江科技"), name_key("上海浦东张江科技"));
    assert_eq!(name_key("广西壮族自治区南宁市糖业"), name_key("南宁糖业有限公司"));
    assert_eq!(name_key("内蒙古自治区呼和浩特市乳业"), "呼和浩特乳业");
    assert_eq!(name_key("Αθήνα Τρόφιμα Α.Ε."), name_key("ΑΘΗΝΑ ΤΡΟΦΙΜΑ"));
    assert_eq!(name_key("Зелёный Мир"), name_key("ЗЕЛЕНЫЙ МИР ООО"));
    assert_eq!(name_key("Groß & Söhne GmbH"), name_key("GROSS SOHNE"));
}

#[test]
fn what_only_looks_like_a_place_stays() {
    for name in [
        "永辉超市",
        "北京城市建设",
        "上海市政工程",
        "万达社区服务",
        "杭州区块链",
        "天津市场研究",
        "广州市",
        "成都市",
    ] {
        assert_eq!(name_key(name), name, "{name}");
    }
}

#[test]
fn a_name_is_found_by_full_pinyin_from_a_syllable_on() {
    let name = ["广州天河贸易有限公司"];
    for q in
        ["tianhe", "TianHe", "guangzhou", "tianhem", "tianhemaoyi", "tian he", "maoyi tianhe", "he", "xian"]
    {
        assert!(finds(q, &name), "{q}");
    }
    for q in ["anhe", "hetian", "tianmao", "uang", "tianhes"] {
        assert!(!finds(q, &name), "{q}");
    }
    assert!(finds("chongqing", &["重慶啤酒"]) && finds("xian", &["西安"]) && finds("lvshun", &["旅顺"]));
    assert!(finds("重慶", &["重庆"]) && finds("重庆", &["重慶"]) && finds("αθηνα", &["Αθήνα"]));
}

#[test]
fn what_makes_another_company_stays() {
    for (name, key) in [
        ("中国移动通信集团广东有限公司", "中国移动通信广东"),
        ("西门子（上海）有限公司", "西门子上海"),
        ("某某贸易有限公司广州分公司", "某某贸易广州分"),
        ("公司宝科技有限公司", "公司宝科技"),
        ("有限公司", "有限公司"),
        ("集团", "集团"),
        ("Limited", "limited"),
        ("Co., Ltd.", "co"),
        ("SA Power Networks", "sapowernetworks"),
        ("The Company Store", "thecompanystore"),
        ("Franchi S.p.A.", "franchi"),
        ("B's Beverages", "bsbeverages"),
        ("Acme Ltd. Beijing Branch", "acmebeijingbranch"),
        ("", ""),
        ("（中国）", "中国"),
        ("……", ""),
    ] {
        assert_eq!(name_key(name), key, "{name}");
    }
}

#[test]
fn no_text_makes_them_panic() {
    for text in random_texts(10_000).chain(all_chars().step_by(7).map(String::from)) {
        let folded = fold(&text);
        assert!(!folded.starts_with(' ') && !folded.ends_with(' ') && !folded.contains("  "), "{text:?}");
        assert!(!folded.chars().any(char::is_control), "{text:?}");
        assert!(sort_key(&text).chars().count() <= 200, "{text:?}");
        assert!(digits(&text).bytes().all(|b| b.is_ascii_digit()), "{text:?}");
        assert!(initials(&text).chars().count() <= search_fold(&text).chars().count(), "{text:?}");
        assert!(name_key(&text).chars().all(is_indexed), "{text:?}");
    }
}

#[test]
fn a_cell_is_no_formula_wherever_a_spreadsheet_cuts_it_and_comes_back_as_it_was() {
    for (cell, harmless) in [
        ("=1+1", "'=1+1"),
        ("A;=1+1", "A;'=1+1"),
        ("A\t@x;+A1", "A\t'@x;'+A1"),
        ("first\n\n=1", "first\n\n'=1"),
        ("\t=1", "'\t'=1"),
        ("-12.5", "-12.5"),
        ("A;-12.5;B", "A;-12.5;B"),
        ("'=2+2", "''=2+2"),
        ("A;'=2+2", "A;''=2+2"),
        ("it's plain; and so on", "it's plain; and so on"),
        ("'quoted'", "'quoted'"),
        ("", ""),
    ] {
        assert_eq!(harmless_csv_cell(cell), harmless);
        assert_eq!(unharmed_cell(harmless), cell);
    }
    assert_eq!(harmless_cell("A;=1+1"), "A;=1+1", "a workbook cuts nothing");
}
